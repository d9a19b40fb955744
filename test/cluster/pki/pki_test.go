package pki

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"
)

func parse(t *testing.T, file string) *x509.Certificate {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestIssuedCertificateIsTrustedByItsAuthorityOnly(t *testing.T) {
	a, err := NewAuthority(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Issue("server", "kube-apiserver"); err != nil {
		t.Fatal(err)
	}
	server := parse(t, a.Path("server.crt"))
	for ca, trusted := range map[string]bool{"ca": true, OtherCA: false} {
		roots := x509.NewCertPool()
		roots.AddCert(parse(t, a.Path(ca+".crt")))
		_, err := server.Verify(x509.VerifyOptions{Roots: roots, DNSName: "127.0.0.1"})
		if (err == nil) != trusted {
			t.Errorf("%s: %v", ca, err)
		}
	}
}

func TestSubjectCarriesUserAndGroups(t *testing.T) {
	a, err := NewAuthority(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Issue("admin", "admin", "system:masters"); err != nil {
		t.Fatal(err)
	}
	subject := parse(t, a.Path("admin.crt")).Subject
	if subject.CommonName != "admin" || len(subject.Organization) != 1 || subject.Organization[0] != "system:masters" {
		t.Errorf("%v", subject)
	}
}

func TestTokenIsSignedAndEndsWhenAsked(t *testing.T) {
	a, err := NewAuthority(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []time.Duration{-5 * time.Minute, time.Minute} {
		end := time.Now().Add(in)
		token, err := SignToken(a.Path("sa.key"), ServiceAccount{"shop", "ci", "u-1"}, end)
		if err != nil {
			t.Fatal(err)
		}
		c := verified(t, a, token)
		if c.Expires != end.Unix() || c.NotBefore >= min(c.Expires, time.Now().Unix()) {
			t.Errorf("%v: not before %d, expires %d", in, c.NotBefore, c.Expires)
		}
		if c.Subject != "system:serviceaccount:shop:ci" || c.Kubernetes.ServiceAccount.UID != "u-1" {
			t.Errorf("%+v", c)
		}
	}
}

func verified(t *testing.T, a *Authority, token string) (c claims) {
	t.Helper()
	parts := strings.Split(token, ".")
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(signature) != 64 {
		t.Fatal(err, len(signature))
	}
	hash := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	key := parse(t, a.Path("sa.crt")).PublicKey.(*ecdsa.PublicKey)
	if !ecdsa.Verify(key, hash[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		t.Error("signature is wrong")
	}
	if err := json.Unmarshal(body, &c); err != nil {
		t.Fatal(err)
	}
	return c
}
