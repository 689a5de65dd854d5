//go:build !nocloud && !nos3

package blob

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"
	"gocloud.dev/gcerrors"
)

// s3://BUCKET/…: Amazon S3, and stores that speak its protocol (MinIO, Ceph, R2, …).
//
// Parameters: those of gocloud.dev's s3blob and aws packages; the useful ones are
// endpoint=URL or HOST:PORT, region=NAME, disable_https=true, use_path_style=true|false,
// profile=NAME, anonymous=true. Environment: whatever the AWS tools use, among them
// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL(_S3).
//
// As with the AWS tools, a store at another endpoint is addressed by path. It need not know the
// checksums that Amazon added in 2024, nor regions.
func init() {
	drivers["s3"] = &driver{
		open:        openS3,
		status:      s3Status,
		explain:     s3Explain,
		etag:        s3ETag,
		environment: []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE", "AWS_REGION", "AWS_ACCESS_KEY_ID"},
	}
}

func openS3(ctx context.Context, bucket string, params url.Values) (*blob.Bucket, error) {
	endpoint := params.Get("endpoint")
	if endpoint != "" && !strings.Contains(endpoint, "://") {
		s := "https://"
		if params.Get("disable_https") == "true" {
			s = "http://"
		}
		params.Set("endpoint", s+endpoint)
	}
	if endpoint != "" || os.Getenv("AWS_ENDPOINT_URL_S3") != "" || os.Getenv("AWS_ENDPOINT_URL") != "" {
		preset(params, "use_path_style", "true", params.Has("s3ForcePathStyle"))
		preset(params, "request_checksum_calculation", "when_required", os.Getenv("AWS_REQUEST_CHECKSUM_CALCULATION") != "")
		preset(params, "response_checksum_validation", "when_required", os.Getenv("AWS_RESPONSE_CHECKSUM_VALIDATION") != "")
		preset(params, "region", "us-east-1", os.Getenv("AWS_REGION") != "" || os.Getenv("AWS_DEFAULT_REGION") != "" || params.Has("profile"))
	}
	u := &url.URL{Scheme: "s3", Host: bucket, RawQuery: params.Encode()}
	return new(s3blob.URLOpener).OpenBucketURL(ctx, u)
}

// preset sets a parameter that the user has not set, there or elsewhere.
func preset(params url.Values, name, value string, elsewhere bool) {
	if !params.Has(name) && !elsewhere {
		params.Set(name, value)
	}
}

func s3Status(err error) int {
	var e interface{ HTTPStatusCode() int }
	if errors.As(err, &e) {
		return e.HTTPStatusCode()
	}
	return 0
}

func s3Explain(err error, bucket string) (error, string) {
	code := ""
	var e smithy.APIError
	if errors.As(err, &e) {
		code = e.ErrorCode()
	}
	text := err.Error()
	switch {
	case code == "NoSuchBucket":
		return ErrNoBucket, "check its name and the endpoint, or make it: aws s3 mb s3://" + bucket
	case code == "PermanentRedirect", code == "AuthorizationHeaderMalformed", code == "IllegalLocationConstraintException", s3Status(err) == 301:
		return errors.New("the bucket is in another region"), "set AWS_REGION to it (aws s3api get-bucket-location --bucket " + bucket + "), or write s3://" + bucket + "?region=NAME/…"
	case strings.Contains(text, "Missing Region"), strings.Contains(text, "Invalid region"), strings.Contains(text, "MissingRegion"):
		return errors.New("no region is set"), "set AWS_REGION, or write s3://" + bucket + "?region=NAME/…"
	case code == "InvalidAccessKeyId", code == "SignatureDoesNotMatch", code == "ExpiredToken", code == "InvalidToken":
		return err, "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, and that the session has not expired"
	case strings.Contains(text, "failed to refresh cached credentials"), strings.Contains(text, "failed to retrieve credentials"), strings.Contains(text, "get credentials"):
		return errors.New("no credentials of AWS"), "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; a public bucket is s3://" + bucket + "?anonymous=true/…"
	case s3Status(err) == 403, code == "AccessDenied", gcerrors.Code(err) == gcerrors.PermissionDenied:
		return err, "check that these credentials may list, read and write the bucket, and which they are: aws sts get-caller-identity"
	}
	return err, ""
}

func s3ETag(o *blob.ListObject) string {
	var obj types.Object
	if o.As(&obj) && obj.ETag != nil {
		return strings.Trim(*obj.ETag, `"`)
	}
	return ""
}
