//go:build !nocloud && !nogcs

package blob

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"slices"
	"strconv"

	"cloud.google.com/go/storage"
	"gocloud.dev/blob"
	"google.golang.org/api/option"
	htransport "google.golang.org/api/transport/http"
)

// gcsClient returns a client that sends its requests through a transport of ours, which signs them anew
// when it repeats them.
func gcsClient(ctx context.Context, opts []option.ClientOption) (*storage.Client, error) {
	auth := append([]option.ClientOption{option.WithScopes(storage.ScopeFullControl, "https://www.googleapis.com/auth/cloud-platform")}, opts...)
	if os.Getenv("STORAGE_EMULATOR_HOST") != "" {
		auth = append(auth, option.WithoutAuthentication())
	}
	hc, _, err := htransport.NewClient(ctx, auth...)
	if err != nil {
		return nil, err
	}
	ours := *hc
	ours.Transport = &transport{send: hc.Transport.RoundTrip, busy: gcsBusy, check: gcsCheck}
	client, err := storage.NewClient(ctx, append(opts, option.WithHTTPClient(&ours))...)
	if err != nil {
		return nil, err
	}
	// Not RetryNever: without a function the parts of an upload are repeated all the same.
	client.SetRetry(storage.WithPolicy(storage.RetryAlways), storage.WithErrorFunc(func(error) bool { return false }))
	return client, nil
}

// gcsBusyReasons are those of answers with status 403 that pass.
var gcsBusyReasons = [][]byte{[]byte("rateLimitExceeded"), []byte("userRateLimitExceeded"), []byte("RateLimitExceeded")}

func gcsBusy(_ *http.Request, resp *http.Response) bool {
	if resp.StatusCode != http.StatusForbidden {
		return false
	}
	text, _ := peek(resp, 64<<10)
	return slices.ContainsFunc(gcsBusyReasons, func(reason []byte) bool { return bytes.Contains(text, reason) })
}

func gcsCheck(req *http.Request, resp *http.Response) error {
	alt := req.URL.Query().Get("alt")
	if resp.StatusCode < 300 && req.Method == http.MethodGet && (alt == "" || alt == "media") {
		return checkObject(req, resp)
	}
	return nil
}

func gcsVersion(r *blob.Reader) string {
	var sr *storage.Reader
	if r.As(&sr) {
		return strconv.FormatInt(sr.Attrs.Generation, 10)
	}
	return ""
}

// gcsOnly asks for a generation.
func gcsOnly(as func(any) bool, generation string) {
	var h **storage.ObjectHandle
	if n, err := strconv.ParseInt(generation, 10, 64); err == nil && n > 0 && as(&h) {
		*h = (*h).Generation(n)
	}
}
