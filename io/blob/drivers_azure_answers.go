//go:build !nocloud && !noazure

package blob

import (
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	azdata "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"gocloud.dev/blob"
)

// azureHTTP returns a client for one connection. Its objects are never decompressed on the way.
func azureHTTP() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = cap(requests)
	t.TLSHandshakeTimeout = 0 // transport sees to it
	t.DisableCompression = true
	// Without pings, requests would be repeated on the connection that has gone dead.
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second}
	return &http.Client{Transport: t}
}

// azureCheck keeps from the driver what it would crash on: it dereferences Last-Modified and
// x-ms-creation-time unseen. The latter is missing in old versions of the protocol, and not used.
func azureCheck(req *http.Request, resp *http.Response) error {
	q := req.URL.Query()
	if resp.StatusCode >= 300 || q.Has("restype") && q.Get("comp") != "list" {
		return nil
	}
	switch comp := q.Get("comp"); {
	case comp == "list":
		return checkContains(resp, "<EnumerationResults")
	case comp != "":
		return nil
	case req.Method == http.MethodHead:
		if resp.Header.Get("X-Ms-Creation-Time") == "" {
			resp.Header.Set("X-Ms-Creation-Time", resp.Header.Get("Last-Modified"))
		}
		return checkHead(resp)
	case req.Method == http.MethodGet:
		if err := checkModified(resp); err != nil {
			return err
		}
		return checkObject(req, resp)
	}
	return nil
}

func azureVersion(r *blob.Reader) string {
	var out azblob.DownloadStreamResponse
	if r.As(&out) && out.ETag != nil {
		return string(*out.ETag)
	}
	return ""
}

// azureOnly asks for the content with an entity tag.
func azureOnly(as func(any) bool, etag string) {
	var o *azblob.DownloadStreamOptions
	if tag := azcore.ETag(etag); as(&o) {
		o.AccessConditions = &azblob.AccessConditions{ModifiedAccessConditions: &azdata.ModifiedAccessConditions{IfMatch: &tag}}
	}
}
