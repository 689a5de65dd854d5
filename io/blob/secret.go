package blob

import (
	"errors"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
)

// hidden stands where a secret was.
const hidden = "…"

// Redact returns a text without the secrets that may be in it: user names, passwords and query strings
// of addresses, the values of names and headers by which stores pass keys and signatures, and the secrets
// that are in the environment. Every error of this package has passed it, and every message of the
// command does.
func Redact(text string) string {
	for _, s := range environmentSecrets() {
		text = strings.ReplaceAll(text, s, hidden)
	}
	text = headerSecret.ReplaceAllString(text, "$1: "+hidden)
	text = RedactAddresses(text)
	text = namedSecret.ReplaceAllString(text, "${1}"+hidden)
	text = jsonSecret.ReplaceAllString(text, "${1}"+hidden+`"`)
	return schemeSecret.ReplaceAllString(text, "$1 "+hidden)
}

const secretNames = `sig|signature|x-amz-signature|x-amz-security-token|x-amz-credential|x-goog-signature|x-goog-credential|` +
	`awsaccesskeyid|googleaccessid|account_?key|shared_?access_?(?:signature|key)|sas(?:_?token)?|` +
	`(?:[a-z0-9_]*_)?(?:secret|secret_?(?:access_?)?key|access_?key|api_?key|private_?key|storage_?key|session_?token|access_?token|refresh_?token|id_?token|connection_?string|token|passwd|password|pwd)|` +
	`secret_?(?:access_?)?key|secretaccesskey|credential`

var (
	// An address ends at a space or a quotation mark.
	addressIn = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://[^\s"'<>` + "`" + `]+`)
	// NAME=VALUE, in addresses and connection strings. After a slash it is the name of a folder or a file.
	namedSecret = regexp.MustCompile(`(?i)((?:^|[^a-z0-9/]|%26|%3f)(?:` + secretNames + `)(?:=|%3d))[^\s"'&;,<>]+`)
	// "NAME": "VALUE", as in a header that is printed or the environment of a worker.
	jsonSecret = regexp.MustCompile(`(?i)("(?:` + secretNames + `)\\*"\s*:\s*\\*")(?:[^"\\]|\\.)*"`)
	// A header up to the end of its line, or of the list that Go prints.
	headerSecret = regexp.MustCompile(`(?i)\b((?:proxy-)?authorization|x-amz-security-token|(?:set-)?cookie|x-auth-token|x-api-key|` +
		`x-(?:amz|goog|ms)-[a-z-]*(?:key|token|authorization))\\*"?\s*[:=]\s*\[?[^\n\]]*`)
	// What stands in such a header.
	schemeSecret = regexp.MustCompile(`(?i)\b(bearer|basic|sharedkey(?:lite)?)\s+[a-z0-9+/=._~:-]{16,}`)
	queryOfKey   = regexp.MustCompile(`\?[A-Za-z0-9_.-]+=`)
)

// RedactAddresses hides the secrets of the addresses in a text and leaves the rest as it is, unlike [Redact].
func RedactAddresses(text string) string { return addressIn.ReplaceAllStringFunc(text, redactAddress) }

func redactAddress(text string) string {
	// The colon after an address is most often that of the message.
	if whole := strings.TrimSuffix(text, ":"); whole != text {
		return redactAddress(whole) + ":"
	}
	i := strings.Index(text, "://") + len("://")
	start, rest := text[:i], text[i:]
	if n := userLen(rest); n > 0 {
		if n == len(rest) {
			return start + hidden
		}
		start, rest = start+hidden, rest[n:]
	}
	kind, _ := scheme(text)
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		return start + rest
	}
	start, rest = start+rest[:end], rest[end:]
	switch {
	case drivers[kind] != nil || kind == "mem":
		if rest[0] == '?' {
			return start + redactParams(rest)
		}
		fallthrough
	case kind == "file":
		// A question mark in a key or a path is a pattern, unless it begins a query.
		if at := queryOfKey.FindStringIndex(rest); at != nil {
			rest = rest[:at[1]] + hidden
		}
	default:
		if at := strings.IndexAny(rest, "?#"); at >= 0 && redactParams(rest[at:]) != rest[at:] {
			rest = rest[:at+1] + hidden
		}
	}
	return start + RedactAddresses(rest)
}

// userLen is the length of the user information at the start of an address without its scheme, without
// the @ that ends it. A key may hold slashes and question marks, which are not allowed there and are
// written all the same.
func userLen(rest string) int {
	authority := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority = rest[:end]
	}
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		return at
	}
	_, port, ok := strings.Cut(strings.TrimRight(authority, ":,;.)]}"), ":")
	if !ok || strings.HasPrefix(authority, "[") {
		return 0
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		return at
	}
	if strings.Trim(port, "0123456789") != "" {
		return len(rest)
	}
	return 0
}

// openParams are the parameters of addresses that hold no secret. Any other may, so that its value is
// hidden, with all that follows: it may hold the slash that ends the parameters.
var openParams = []string{
	"anonymous", "emulator", "storage_account", "domain", "protocol", "localemu", "cdn", "endpoint", "region", "disable_https",
	"use_path_style", "accelerate", "profile", "role", "ssetype", "kmskeyid", "hostname_immutable", "dualstack", "fips",
	"rate_limiter_capacity", "request_checksum_calculation", "response_checksum_validation", "awssdk",
	"mode", // of Flink's address that cancels a job, which users are told to call
}

// redactParams hides secrets in ?NAME=VALUE&…/KEY.
func redactParams(text string) string {
	params, key, slash := strings.Cut(text[1:], "/")
	var kept []string
	for p := range strings.SplitSeq(params, "&") {
		name, value, ok := strings.Cut(p, "=")
		switch {
		case !ok && !slices.Contains(openParams, name):
			return "?" + strings.Join(append(kept, hidden), "&")
		case !slices.Contains(openParams, name) || strings.ContainsAny(value, "@") || strings.Contains(strings.ToLower(value), "%40"):
			return "?" + strings.Join(append(kept, name+"="+hidden), "&")
		}
		kept = append(kept, p)
	}
	text = "?" + strings.Join(kept, "&")
	if slash {
		key = "/" + key
		if at := queryOfKey.FindStringIndex(key); at != nil {
			key = key[:at[1]] + hidden
		}
		if strings.HasSuffix(text, ":") && strings.Contains(key, "@") {
			return "?" + hidden // an endpoint with a scheme of its own, and a password
		}
		text += key
	}
	return text
}

// environmentSecrets are the secrets that the tools of the stores take from the environment. Short ones
// are those of tests, and may be words of a message.
func environmentSecrets() []string {
	var list []string
	add := func(s string) {
		if len(s) >= 8 {
			list = append(list, s, url.QueryEscape(s), url.PathEscape(s))
		}
	}
	for _, name := range []string{"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_STORAGE_KEY", "AZURE_CLIENT_SECRET", "AZURE_PASSWORD", "AZURE_CLIENT_CERTIFICATE_PASSWORD"} {
		add(os.Getenv(name))
	}
	for _, name := range []string{"AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGEBLOB_CONNECTIONSTRING"} {
		text := os.Getenv(name)
		add(text)
		for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == '&' || r == ';' || r == '?' }) {
			key, value, _ := strings.Cut(part, "=")
			switch strings.ToLower(key) {
			case "sig", "accountkey", "sharedaccesssignature":
				add(value)
				if plain, err := url.QueryUnescape(value); err == nil {
					add(plain)
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b string) int { return len(b) - len(a) }) // the whole before its parts
	return list
}

// CheckSecrets returns an error, without the secret, if an address holds credentials. Every function of
// this package refuses such an address.
func CheckSecrets(uri string) error {
	kind, rest := scheme(uri)
	query := ""
	if at := strings.IndexAny(rest, "?#"); at >= 0 {
		query = rest[at:]
	}
	if kind == "" || kind == "file" || userLen(rest) == 0 && !namedSecret.MatchString(query) {
		return nil
	}
	remedy := map[string]string{
		"s3":     "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
		"azblob": "set AZURE_STORAGE_ACCOUNT, and AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN",
		"gs":     "set GOOGLE_APPLICATION_CREDENTIALS to a key file, or run gcloud auth application-default login",
	}[kind]
	return &Error{Op: "resolve", URI: uri, Remedy: remedy, Err: errors.New("credentials in an address would be seen in lists of processes and in records of the run")}
}
