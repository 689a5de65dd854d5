//go:build !nocloud && !nos3

package blob

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"gocloud.dev/blob"
)

// An s3Retryer lets the client send a request again that only it can rewind and sign. When and how often
// is the business of transport.
type s3Retryer struct{}

func (s3Retryer) IsErrorRetryable(err error) bool {
	var r *repeatError
	return errors.As(err, &r)
}
func (s3Retryer) MaxAttempts() int                             { return 0 } // no bound
func (s3Retryer) RetryDelay(int, error) (time.Duration, error) { return 0, nil }
func (s3Retryer) GetInitialToken() func(error) error           { return func(error) error { return nil } }
func (s3Retryer) GetRetryToken(context.Context, error) (func(error) error, error) {
	return func(error) error { return nil }, nil
}

// abortWithin is how long the parts of an upload that failed are tried to be removed. The client does that
// although the upload was cancelled, and whoever interrupts a run does not want to wait for a busy store.
var abortWithin = 800 * time.Millisecond

// s3Budget gives every operation of the client a budget, so that its attempts share one.
func s3Budget(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("premix: budget", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		if ctx.Value(budgetKey{}) == nil {
			ctx, _ = withBudget(ctx)
		}
		if _, ok := in.Parameters.(*s3.AbortMultipartUploadInput); ok {
			var stop func()
			ctx, stop = context.WithTimeout(ctx, abortWithin)
			defer stop()
		}
		return next.HandleInitialize(ctx, in)
	}), middleware.Before)
}

// s3Completed is for the end of an upload in parts whose answer was lost. Sent again, it is answered that there is
// no such upload. It has succeeded if the object has the entity tag that its parts give it.
func s3Completed(client **s3.Client) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("premix: completed", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			out, meta, err := next.HandleInitialize(ctx, in)
			params, ok := in.Parameters.(*s3.CompleteMultipartUploadInput)
			var e smithy.APIError
			if !ok || !errors.As(err, &e) || e.ErrorCode() != "NoSuchUpload" {
				return out, meta, err
			}
			head, failed := (*client).HeadObject(ctx, &s3.HeadObjectInput{Bucket: params.Bucket, Key: params.Key})
			if want := s3PartsTag(params.MultipartUpload); failed == nil && want != "" && head.ETag != nil && strings.Trim(*head.ETag, `"`) == want {
				out.Result, err = &s3.CompleteMultipartUploadOutput{Bucket: params.Bucket, Key: params.Key, ETag: head.ETag}, nil
			}
			return out, meta, err
		}), middleware.Before)
	}
}

// s3PartsTag is the entity tag of an object that was uploaded in parts: the MD5 of their MD5s, which are their tags.
// It is empty if these are of another kind.
func s3PartsTag(upload *types.CompletedMultipartUpload) string {
	if upload == nil || len(upload.Parts) == 0 {
		return ""
	}
	sum := md5.New()
	for _, p := range upload.Parts {
		if p.ETag == nil {
			return ""
		}
		part, err := hex.DecodeString(strings.Trim(*p.ETag, `"`))
		if err != nil || len(part) != md5.Size {
			return ""
		}
		sum.Write(part)
	}
	return fmt.Sprintf("%x-%d", sum.Sum(nil), len(upload.Parts))
}

// s3BusyCodes are errors that pass, whatever their status. The end of a multipart upload is answered 200
// before the store knows how it ends.
var s3BusyCodes = [][]byte{
	[]byte("<Code>SlowDown</Code>"), []byte("<Code>RequestLimitExceeded</Code>"), []byte("<Code>InternalError</Code>"), []byte("<Code>ServiceUnavailable</Code>"),
	[]byte("<Code>Throttling</Code>"), []byte("<Code>ThrottlingException</Code>"), []byte("<Code>RequestTimeout</Code>"),
}

func s3Busy(req *http.Request, resp *http.Response) bool {
	complete := req.Method == http.MethodPost && req.URL.Query().Has("uploadId") && resp.StatusCode == http.StatusOK
	if !complete && (resp.StatusCode < 400 || req.Method == http.MethodHead) {
		return false
	}
	text, _ := peek(resp, 64<<10)
	return slices.ContainsFunc(s3BusyCodes, func(code []byte) bool { return bytes.Contains(text, code) })
}

func s3Check(req *http.Request, resp *http.Response) error {
	if resp.StatusCode >= 300 {
		return nil
	}
	q := req.URL.Query()
	switch {
	case req.Method == http.MethodHead:
		return checkHead(resp)
	case q.Get("x-id") == "GetObject":
		return checkObject(req, resp)
	case q.Has("list-type"):
		return checkContains(resp, "<ListBucketResult")
	case req.Method == http.MethodPost && q.Has("uploads"):
		return checkContains(resp, "<UploadId")
	}
	return nil
}

func s3Version(r *blob.Reader) string {
	var out s3.GetObjectOutput
	if r.As(&out) && out.ETag != nil {
		return *out.ETag
	}
	return ""
}

// s3Only asks for the content with an entity tag.
func s3Only(as func(any) bool, etag string) {
	var in *s3.GetObjectInput
	if as(&in) {
		in.IfMatch = &etag
	}
}
