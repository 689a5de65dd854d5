//go:build !nocloud && !nos3

package blob

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	gcaws "gocloud.dev/aws"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"
)

// s3://BUCKET/…: Amazon S3, and stores that speak its protocol (MinIO, Ceph, R2, …).
//
// Parameters: endpoint=URL or HOST:PORT, region=NAME, disable_https=true,
// use_path_style=true|false, accelerate=true, profile=NAME, role=ARN, anonymous=true,
// ssetype=AES256|aws:kms, kmskeyid=ID, and the others of gocloud.dev/aws. Environment: whatever the AWS tools use, among them
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
		version:     s3Version,
		only:        s3Only,
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
		preset(params, "use_path_style", "true", false)
		preset(params, "request_checksum_calculation", "when_required", os.Getenv("AWS_REQUEST_CHECKSUM_CALCULATION") != "")
		preset(params, "response_checksum_validation", "when_required", os.Getenv("AWS_RESPONSE_CHECKSUM_VALIDATION") != "")
		preset(params, "region", "us-east-1", os.Getenv("AWS_REGION") != "" || os.Getenv("AWS_DEFAULT_REGION") != "" || params.Has("profile"))
	}
	own := []string{"use_path_style", "disable_https", "accelerate"}
	on := map[string]bool{}
	for _, name := range own {
		switch value := params.Get(name); value {
		case "", "true", "false":
			on[name] = value == "true"
		default:
			return nil, fmt.Errorf("parameter %s=%q: true or false", name, value)
		}
		params.Del(name)
	}
	opts := s3blob.Options{
		EncryptionType:  types.ServerSideEncryption(params.Get("ssetype")),
		KMSEncryptionID: params.Get("kmskeyid"),
	}
	params.Del("ssetype")
	params.Del("kmskeyid")
	cfg, err := gcaws.V2ConfigFromURLParams(ctx, params)
	if err != nil {
		return nil, err
	}
	if c, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		cfg.HTTPClient = c.WithTransportOptions(func(t *http.Transport) { t.MaxIdleConnsPerHost = cap(requests) })
	}
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = awshttp.NewBuildableClient()
	}
	cfg.HTTPClient = &transport{send: cfg.HTTPClient.Do, busy: s3Busy, check: s3Check}
	opts.RequestChecksumCalculation = cfg.RequestChecksumCalculation
	var client *s3.Client
	client = s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.Retryer, o.RetryMaxAttempts = s3Retryer{}, 0
		o.APIOptions = append(o.APIOptions, s3Completed(&client), s3Budget)
		o.UsePathStyle = on["use_path_style"]
		o.UseAccelerate = on["accelerate"]
		o.EndpointOptions.DisableHTTPS = on["disable_https"]
	})
	return s3blob.OpenBucket(ctx, client, bucket, &opts)
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

//lint:ignore ST1008 the error is the subject, not the outcome
func s3Explain(_ string, err error, bucket string) (error, string) {
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
	case s3Status(err) == 401, s3Status(err) == 403:
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
