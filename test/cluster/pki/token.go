// token.go - signs the tokens of service accounts with a lifetime of one's
// choice. The API server itself grants no token of less than ten minutes.

package pki

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
	"time"
)

// Issuer is the only issuer of tokens that the API server is told to trust.
const Issuer = "https://kubernetes.default.svc"

// ServiceAccount is whom a token speaks for. The API server compares the UID
// with that of the living account.
type ServiceAccount struct{ Namespace, Name, UID string }

type claims struct {
	Audience   []string         `json:"aud"`
	Issuer     string           `json:"iss"`
	Subject    string           `json:"sub"`
	IssuedAt   int64            `json:"iat"`
	NotBefore  int64            `json:"nbf"`
	Expires    int64            `json:"exp"`
	Kubernetes kubernetesClaims `json:"kubernetes.io"`
}

type kubernetesClaims struct {
	Namespace      string `json:"namespace"`
	ServiceAccount struct {
		Name string `json:"name"`
		UID  string `json:"uid"`
	} `json:"serviceaccount"`
}

// SignToken makes a token like those of the TokenRequest API, signed by the
// private key in keyFile. It may have expired already.
func SignToken(keyFile string, account ServiceAccount, expires time.Time) (string, error) {
	key, err := readKey(keyFile)
	if err != nil {
		return "", err
	}
	// Issued well before both now and its end: only "exp" may be what is wrong with it.
	issued := time.Now()
	if expires.Before(issued) {
		issued = expires
	}
	issued = issued.Add(-time.Hour)
	c := claims{Audience: []string{Issuer}, Issuer: Issuer,
		Subject:  "system:serviceaccount:" + account.Namespace + ":" + account.Name,
		IssuedAt: issued.Unix(), NotBefore: issued.Unix(), Expires: expires.Unix()}
	c.Kubernetes.Namespace = account.Namespace
	c.Kubernetes.ServiceAccount.Name, c.Kubernetes.ServiceAccount.UID = account.Name, account.UID
	return sign(key, c)
}

func readKey(file string) (*ecdsa.PrivateKey, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM block", file)
	}
	return x509.ParseECPrivateKey(block.Bytes)
}

// sign writes a JWT by ES256 (RFC 7518, 3.4): the two halves of the signature
// one after the other, 32 bytes each, and not the ASN.1 that Go makes by default.
func sign(key *ecdsa.PrivateKey, c claims) (string, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	text := strings.Join([]string{encode([]byte(`{"alg":"ES256","typ":"JWT"}`)), encode(body)}, ".")
	hash := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, hash[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + encode(signature), nil
}
