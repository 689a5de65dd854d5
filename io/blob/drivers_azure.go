//go:build !nocloud && !noazure

package blob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob"
	"gocloud.dev/blob/azureblob"
)

// azblob://CONTAINER/…: Azure Blob Storage.
//
// Parameters: storage_account=NAME, domain=HOST, protocol=http|https, localemu=true (Azurite),
// cdn=true. Environment: AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN or
// the credentials of the az tool; AZURE_STORAGE_CONNECTION_STRING; AZURE_STORAGE_DOMAIN,
// AZURE_STORAGE_PROTOCOL, AZURE_STORAGE_IS_LOCAL_EMULATOR.
func init() {
	drivers["azblob"] = &driver{
		open:        openAzure,
		status:      azureStatus,
		explain:     azureExplain,
		etag:        azureETag,
		version:     azureVersion,
		only:        azureOnly,
		environment: []string{"AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_DOMAIN", "AZURE_STORAGE_CONNECTION_STRING"},
	}
}

func openAzure(ctx context.Context, bucket string, params url.Values) (*blob.Bucket, error) {
	opts := azureblob.NewDefaultServiceURLOptions()
	for name := range params {
		switch value := params.Get(name); name {
		case "storage_account":
			opts.AccountName = value
		case "domain":
			opts.StorageDomain = value
		case "protocol":
			opts.Protocol = value
		case "localemu":
			opts.IsLocalEmulator = value == "true"
		case "cdn":
			opts.IsCDN = value == "true"
		default:
			return nil, fmt.Errorf("unknown parameter %q: azblob:// takes storage_account, domain, protocol, localemu and cdn", name)
		}
		if opts.SASToken != "" {
			// The token is a part of the URL: an address must not send it to another host.
			return nil, fmt.Errorf("parameter %q cannot be used with AZURE_STORAGE_SAS_TOKEN", name)
		}
	}
	service, err := azureblob.NewServiceURL(opts)
	if err != nil {
		return nil, err
	}
	client, err := azureClient(string(service), bucket)
	if err != nil {
		return nil, err
	}
	return azureblob.OpenBucket(ctx, client, nil)
}

// azureClient does what azureblob.NewDefaultClient does, with a transport of ours.
func azureClient(service, bucket string) (*container.Client, error) {
	opts := new(container.ClientOptions)
	opts.Retry.MaxRetries = -1 // none; 0 means the default
	opts.Transport = &transport{send: azureHTTP().Do, check: azureCheck}
	u, err := url.JoinPath(service, bucket)
	if err != nil {
		return nil, err
	}
	account, key := os.Getenv("AZURE_STORAGE_ACCOUNT"), os.Getenv("AZURE_STORAGE_KEY")
	connection := cmp.Or(os.Getenv("AZURE_STORAGE_CONNECTION_STRING"), os.Getenv("AZURE_STORAGEBLOB_CONNECTIONSTRING"))
	switch {
	case account != "" && key != "":
		cred, err := azblob.NewSharedKeyCredential(account, key)
		if err != nil {
			return nil, fmt.Errorf("AZURE_STORAGE_KEY: %w", err)
		}
		return container.NewClientWithSharedKeyCredential(u, cred, opts)
	case os.Getenv("AZURE_STORAGE_SAS_TOKEN") != "": // it is a part of the URL
		return container.NewClientWithNoCredential(u, opts)
	case connection != "":
		return container.NewClientFromConnectionString(connection, bucket, opts)
	}
	cred, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		return nil, err
	}
	return container.NewClient(u, cred, opts)
}

func azureStatus(err error) int {
	var e *azcore.ResponseError
	if errors.As(err, &e) {
		return e.StatusCode
	}
	return 0
}

//lint:ignore ST1008 the error is the subject, not the outcome
func azureExplain(_ string, err error, bucket string) (error, string) {
	code := ""
	var e *azcore.ResponseError
	if errors.As(err, &e) {
		code = e.ErrorCode
	}
	text := err.Error()
	switch {
	case code == "ContainerNotFound":
		return ErrNoBucket, "check the names of container and account, or make it: az storage container create --name " + bucket
	case strings.Contains(text, "AccountName is required"):
		return errors.New("no storage account is set"), "set AZURE_STORAGE_ACCOUNT, or write azblob://" + bucket + "?storage_account=NAME/…"
	case strings.Contains(text, "no such host"):
		return err, "check the name in AZURE_STORAGE_ACCOUNT"
	case strings.Contains(text, "DefaultAzureCredential"):
		return errors.New("no credentials of Azure"), "run az login, or set AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN"
	case azureStatus(err) == 401, azureStatus(err) == 403:
		return brief(e, err), "check AZURE_STORAGE_KEY, or that the account has the role Storage Blob Data Contributor"
	case code != "":
		return brief(e, err), ""
	}
	return err, ""
}

// brief shows a response by its code; the whole text has twenty lines.
func brief(e *azcore.ResponseError, err error) error {
	if e == nil {
		return err
	}
	return &briefError{fmt.Sprintf("%d %s", e.StatusCode, e.ErrorCode), err}
}

type briefError struct {
	text string
	err  error
}

func (e *briefError) Error() string { return e.text }
func (e *briefError) Unwrap() error { return e.err }

func azureETag(o *blob.ListObject) string {
	var item container.BlobItem
	if o.As(&item) && item.Properties != nil && item.Properties.ETag != nil {
		return strings.Trim(string(*item.Properties.ETag), `"`)
	}
	return ""
}
