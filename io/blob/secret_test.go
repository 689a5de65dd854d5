package blob

import (
	"strings"
	"testing"
)

// Redact hides canaries and leaves the rest of a message.
func TestRedact(t *testing.T) {
	t.Setenv("AZURE_STORAGE_SAS_TOKEN", "?sv=2024&sig=CANARY%2Fab%3D")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "CANARY/env+key")
	for text, want := range map[string]string{
		// User information, with characters that are not allowed in it.
		"s3://KEY:CANARY@bucket/k":            "s3://…@bucket/k",
		"blob: read s3://CANARY@bucket/k: no": "blob: read s3://…@bucket/k: no",
		"s3://KEY:CANARY/x@bucket/k":          "s3://…@bucket/k",
		"s3://KEY:CANARY?x@bucket/k":          "s3://…@bucket/k",
		"S3://KEY:1/CANARY@bucket":            "S3://…@bucket",
		"s3://KEY:CANARY":                     "s3://…",
		"in=s3://KEY:CANARY%40bucket/k":       "in=s3://…",
		"http://u:CANARY@host:8081/jobs":      "http://…@host:8081/jobs",
		`"azblob://a:CANARY@c"`:               `"azblob://…@c"`,
		// Queries.
		`Get "https://h/c/k?sv=1&sig=CANARY": EOF`:                 `Get "https://h/c/k?…": EOF`,
		"https://h/k#access=CANARY":                                "https://h/k#…",
		"s3://b?region=r&secret=CANARY/CANARY/k":                   "s3://b?region=r&secret=…",
		"s3://b?CANARY/k":                                          "s3://b?…",
		"s3://b?endpoint=http://u:CANARY@h/k":                      "s3://b?…",
		"s3://b?endpoint=u:CANARY@h/k":                             "s3://b?endpoint=…",
		"s3://b/k?X-Amz-Signature=CANARY":                          "s3://b/k?X-Amz-Signature=…",
		"gs://b/k?other=CANARY":                                    "gs://b/k?other=…",
		"s3://b?region=r/k?X-Amz-Date=1&X-Amz-Signature=CANARY":    "s3://b?region=r/k?X-Amz-Date=…",
		"https://h/x?next=https%3A%2F%2Fh%3Fsig%3DCANARY and more": "https://h/x?… and more",
		// Names.
		"DefaultEndpointsProtocol=https;AccountKey=CANARY==;X=1":  "DefaultEndpointsProtocol=https;AccountKey=…;X=1",
		"AWS_SECRET_ACCESS_KEY=CANARY":                            "AWS_SECRET_ACCESS_KEY=…",
		"a&sig=CANARY&b":                                          "a&sig=…&b",
		"sig%3DCANARY":                                            "sig%3D…",
		`{"env":{"AWS_SECRET_ACCESS_KEY":"CAN\"CANARY","K":"v"}}`: `{"env":{"AWS_SECRET_ACCESS_KEY":"…","K":"v"}}`,
		// Headers.
		"GET / HTTP/1.1\nAuthorization: AWS4-HMAC-SHA256 Credential=CANARY, Signature=CANARY\nHost: h": "GET / HTTP/1.1\nAuthorization: …\nHost: h",
		"map[Authorization:[SharedKey a:CANARY] Host:[h]]":                                             "map[Authorization: …] Host:[h]]",
		"x-amz-security-token: CANARY":                                                                 "x-amz-security-token: …",
		"said Bearer CANARYCANARYCANARY":                                                               "said Bearer …",
		// What is in the environment, wherever it comes up.
		"garbage CANARY/env+key": "garbage …",
		"CANARY%2Fenv%2Bkey":     "…",
		"sv=2024 CANARY/ab=":     "sv=2024 …",
		// No secrets.
		"s3://bucket?endpoint=127.0.0.1:9000&disable_https=true/train/a.tar: no": "s3://bucket?endpoint=127.0.0.1:9000&disable_https=true/train/a.tar: no",
		"s3://b?endpoint=http://127.0.0.1:9000/k":                                "s3://b?endpoint=http://127.0.0.1:9000/k",
		"gs://b/user@example.com/a:b.jpg":                                        "gs://b/user@example.com/a:b.jpg",
		"s3://b/train-?????.tar":                                                 "s3://b/train-?????.tar",
		"s3://b: no such bucket":                                                 "s3://b: no such bucket",
		"file:///a/b?c and /a/b?c=d":                                             "file:///a/b?c and /a/b?c=d",
		"http://localhost:8081: refused; http://[::1]:80/x":                      "http://localhost:8081: refused; http://[::1]:80/x",
		"curl -X PATCH 'http://h:8081/jobs/1?mode=cancel'":                       "curl -X PATCH 'http://h:8081/jobs/1?mode=cancel'",
		"http://h:8081/jobs/1?mode=cancel&sig=CANARY":                            "http://h:8081/jobs/1?…",
		"--label-key label: token: unexpected":                                   "--label-key label: token: unexpected",
		"--flink-job-server localhost:8099":                                      "--flink-job-server localhost:8099",
		"s3://b/blur/sig=0.5/token=3.jpg: no; /data/sig=0.5/a.jpg":               "s3://b/blur/sig=0.5/token=3.jpg: no; /data/sig=0.5/a.jpg",
	} {
		got := Redact(text)
		if got != want || strings.Contains(got, "CANARY") {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
		if again := Redact(got); again != got {
			t.Errorf("%s: the second time %s", got, again)
		}
	}
}

// An address that holds credentials is refused by everything, before it is used, and without them.
func TestCredentialsAreRefused(t *testing.T) {
	for _, uri := range []string{"s3://KEY:CANARY@b/k", "s3://KEY:CAN/CANARY@b/k", "s3://CANARY@b/k", "gs://a:CANARY@b/k", "azblob://c?sig=CANARY/k", "s3://b/k?X-Amz-Signature=CANARY", "http://u:CANARY@h/k"} {
		_, read := ReadAll(ctx, uri, 1)
		_, list := List(ctx, uri)
		_, glob := Glob(ctx, uri+"*")
		_, abs := Abs(uri)
		for _, err := range []error{CheckSecrets(uri), read, list, glob, abs, WriteFile(ctx, uri, nil), Remove(ctx, uri)} {
			if err == nil || strings.Contains(err.Error(), "CANARY") || !strings.Contains(err.Error(), "credentials in an address") {
				t.Errorf("%s: %v", uri, err)
			}
		}
	}
	for _, uri := range []string{"", "/a:b@c", "s3://b/k", "s3://b?region=r/k@1", "s3://b/sig=0.5/token=3.jpg", "s3://b/blur_sig=0.5/k", "gs://b/a;password=1.jpg", "synth:10", "http://h/x"} {
		if err := CheckSecrets(uri); err != nil {
			t.Error(err)
		}
	}
}
