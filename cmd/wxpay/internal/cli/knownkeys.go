package cli

import (
	"context"
	"crypto"
	"crypto/rsa"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// knownKeys are what is known to look at a message with, from the settings of a call. None has to
// be there: what is missing is part of the answer.
type knownKeys struct {
	explain.Known
	private crypto.Signer // the merchant's private key, nil for none
}

// keys reads them.
func (c *credentials) keys(ctx context.Context, sys System) (k knownKeys, err error) {
	get, err := c.lookup(ctx, sys)
	if err != nil {
		return k, err
	}
	own := explain.Keys{MchID: get("WXPAY_MCHID"), Serial: get("WXPAY_SERIAL_NO"), APIv3: get(apiV3Key),
		APIv2: get(apiV2Key)}
	if name := get("WXPAY_PRIVATE_KEY"); name != "" {
		key, err := load(ctx, text("the API private key (--key)"), name, wxpay.ParsePrivateKey)
		if err != nil {
			return k, err
		}
		k.private = key
		own.Public, _ = key.Public().(*rsa.PublicKey)
	}
	if name := get("WXPAY_CERTIFICATE"); name != "" {
		cert, err := load(ctx, text("the API certificate (--cert)"), name, wxpay.ParseCertificate)
		if err != nil {
			return k, err
		}
		own.Serial = wire.SerialHex(cert)
		own.Public, _ = cert.PublicKey.(*rsa.PublicKey)
	}
	k.Merchants = []explain.Keys{own}
	platform, err := platformKeys(ctx, get)
	if err != nil {
		return k, err
	}
	for _, p := range platform {
		k.Platform = append(k.Platform, explain.Platform{ID: p.ID, Key: p.Key, NotAfter: p.NotAfter})
	}
	return k, nil
}
