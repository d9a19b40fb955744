// Package pki makes every key, certificate and signed token of one cluster.
// It knows files and cryptography, and nothing of Kubernetes.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// OtherCA is the name of a second authority that signs nothing of this cluster:
// a client that trusts only DIR/pki/other-ca.crt must refuse the API server.
const OtherCA = "other-ca"

// Authority issues every certificate of one cluster into one directory.
type Authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority makes ca.*, other-ca.* and the sa.* key pair, which signs the
// tokens of service accounts, in DIR.
func NewAuthority(dir string) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	a, err := selfSigned(dir, "ca", "kpf-ca")
	if err != nil {
		return nil, err
	}
	if _, err := selfSigned(dir, OtherCA, "kpf-other-ca"); err != nil {
		return nil, err
	}
	return a, a.Issue("sa", "service-accounts")
}

// Path is where the authority keeps the file of that name.
func (a *Authority) Path(name string) string { return filepath.Join(a.dir, name) }

// Issue writes NAME.crt, NAME.key and NAME.pub for a subject. Kubernetes takes
// the common name for the user and the organizations for its groups.
func (a *Authority) Issue(name, commonName string, organizations ...string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	_, err = a.write(name, template(commonName, organizations...), key)
	return err
}

func selfSigned(dir, name, commonName string) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := template(commonName)
	t.IsCA, t.BasicConstraintsValid = true, true
	t.KeyUsage |= x509.KeyUsageCertSign
	a := &Authority{dir: dir, cert: t, key: key}
	der, err := a.write(name, t, key)
	if err != nil {
		return nil, err
	}
	a.cert, err = x509.ParseCertificate(der)
	return a, err
}

// template fits servers and clients alike: one certificate serves a kubelet in
// both of its roles.
func template(commonName string, organizations ...string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: commonName, Organization: organizations},
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(365 * 24 * time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback, net.IPv4(10, 96, 0, 1)},
		DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"},
	}
}

func (a *Authority) write(name string, t *x509.Certificate, key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	for file, block := range map[string]*pem.Block{
		name + ".crt": {Type: "CERTIFICATE", Bytes: der},
		name + ".key": {Type: "EC PRIVATE KEY", Bytes: private},
		name + ".pub": {Type: "PUBLIC KEY", Bytes: public},
	} {
		if err := os.WriteFile(a.Path(file), pem.EncodeToMemory(block), 0o600); err != nil {
			return nil, err
		}
	}
	return der, nil
}
