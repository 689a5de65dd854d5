//go:build !nocloud && !nogcs && !nos3 && !noazure

package blob

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/premix/premix/internal/printable"
)

// The messages for what users get wrong are one line with a remedy.
func TestMessages(t *testing.T) {
	t.Run("s3", func(t *testing.T) {
		s := s3Store(t)
		for _, tt := range []struct {
			code   string
			status int
			want   string
		}{
			{"PermanentRedirect", 301, "the bucket is in another region; set AWS_REGION to it (aws s3api get-bucket-location --bucket "},
			{"AuthorizationHeaderMalformed", 400, "the bucket is in another region; set AWS_REGION"},
			{"NoSuchBucket", 404, "the bucket does not exist; check its name and the endpoint, or make it: aws s3 mb s3://"},
			{"AccessDenied", 403, "check that these credentials may list, read and write the bucket"},
			{"InvalidAccessKeyId", 403, "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"},
		} {
			s.fail(t, func(w http.ResponseWriter, r *http.Request) bool {
				io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Type", "application/xml")
				w.WriteHeader(tt.status)
				io.WriteString(w, "<?xml version=\"1.0\"?>\n<Error><Code>"+tt.code+"</Code><Message>m\n\nm</Message></Error>")
				return true
			})
			for what, call := range map[string]func() error{
				"read": func() error { _, err := ReadRange(ctx, nil, s.root+"/k", 0, 1); return err },
				"list": func() error { _, err := List(ctx, s.root+"/k"); return err },
				"create": func() error {
					return WriteFile(ctx, s.root+"/k", []byte("x"))
				},
			} {
				err := call()
				if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") || errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s, %s: %v", tt.code, what, err)
				}
			}
		}
	})
	for uri, want := range map[string]string{
		"gs://b?grpc=true/k":         `unknown parameter "grpc": gs:// takes anonymous and emulator`,
		"s3://b?no=1/k":              `unknown query parameter "no"`,
		"azblob://c?x=1/k":           `unknown parameter "x": azblob:// takes`,
		"azblob://c/k":               "no storage account is set; set AZURE_STORAGE_ACCOUNT",
		"http://host/k":              `unknown scheme "http://"; use a local path or one of azblob://, gs://, s3://`,
		"s3://b?region=%zz/k":        "invalid URL escape",
		"mem:///k":                   "the bucket is missing",
		"mem://b":                    "names a bucket",
		"mem://b/k/":                 "ends in a slash",
		"mem://b/" + "\xff" + "/bad": "valid UTF-8",
	} {
		if strings.HasPrefix(uri, "azblob://c/") {
			t.Setenv("AZURE_STORAGE_ACCOUNT", "")
			t.Setenv("AZURE_STORAGE_CONNECTION_STRING", "")
		}
		err := WriteFile(ctx, uri, []byte("x"))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), printable.Name(Redact(uri))+": ") {
			t.Errorf("%s: %v", uri, err)
		}
	}
	t.Setenv("PREMIX_S3_URL_PARAMS", "no=1")
	if err := WriteFile(ctx, "s3://b/k", nil); err == nil || !strings.Contains(err.Error(), `"no"`) {
		t.Errorf("PREMIX_S3_URL_PARAMS: %v", err)
	}
	long := wrap("read", "mem://b/k", errors.New(strings.Repeat("é\n\n", 1000)))
	if n := len(long.Error()); n > 500 {
		t.Errorf("a message of %d bytes", n)
	}
}
