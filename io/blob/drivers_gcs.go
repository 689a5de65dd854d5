//go:build !nocloud && !nogcs

package blob

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"cloud.google.com/go/storage"
	"gocloud.dev/blob"
	"gocloud.dev/blob/gcsblob"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
)

// gs://BUCKET/…: Google Cloud Storage, with the application default credentials.
//
// Parameters: anonymous=true (public buckets), emulator=HOST:PORT. Environment:
// GOOGLE_APPLICATION_CREDENTIALS, STORAGE_EMULATOR_HOST (HOST:PORT).
//
// The opener of gcsblob is not used: it prints a warning to stdout.
func init() {
	drivers["gs"] = &driver{
		open:        openGCS,
		status:      gcsStatus,
		explain:     gcsExplain,
		etag:        gcsETag,
		version:     gcsVersion,
		only:        gcsOnly,
		environment: []string{"STORAGE_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS"},
	}
}

func openGCS(ctx context.Context, bucket string, params url.Values) (*blob.Bucket, error) {
	var opts []option.ClientOption
	for name := range params {
		switch value := params.Get(name); name {
		case "anonymous":
			if value == "true" {
				opts = append(opts, option.WithoutAuthentication())
			}
		case "emulator":
			opts = append(opts, option.WithoutAuthentication(), storage.WithJSONReads(),
				option.WithEndpoint("http://"+strings.TrimPrefix(value, "http://")+"/storage/v1/"))
		default:
			return nil, fmt.Errorf("unknown parameter %q: gs:// takes anonymous and emulator", name)
		}
	}
	client, err := gcsClient(ctx, opts)
	if err != nil {
		return nil, err
	}
	return gcsblob.OpenBucket(ctx, nil, bucket, &gcsblob.Options{Client: client})
}

func gcsStatus(err error) int {
	var e *googleapi.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

//lint:ignore ST1008 the error is the subject, not the outcome
func gcsExplain(op string, err error, bucket string) (error, string) {
	text := err.Error()
	switch {
	case errors.Is(err, storage.ErrBucketNotExist), strings.Contains(text, "specified bucket does not exist"), op == "write" && gcsStatus(err) == 404:
		return ErrNoBucket, "check its name, or make it: gcloud storage buckets create gs://" + bucket
	case strings.Contains(text, "could not find default credentials"):
		return errors.New("no credentials of Google Cloud"), "run gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS; a public bucket is gs://" + bucket + "?anonymous=true/…"
	case gcsStatus(err) == 401, gcsStatus(err) == 403:
		return err, "check that these credentials may use the bucket (roles/storage.objectUser), and which account they are: gcloud auth list"
	}
	return err, ""
}

func gcsETag(o *blob.ListObject) string {
	var a storage.ObjectAttrs
	if o.As(&a) {
		return strings.Trim(a.Etag, `"`)
	}
	return ""
}
