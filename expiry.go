package wxpay

import "time"

// Expiry says how long a certificate can still be used.
type Expiry struct {
	// Serial is the certificate's number, in 40 hexadecimal digits.
	Serial string
	// Own says that it is the merchant's API certificate: it has to be renewed in the merchant
	// console, API security. Those of WeChat Pay it replaces itself, days before their end.
	Own bool
	// NotAfter is its end.
	NotAfter time.Time
	// Days are left until then by the client's clock, with their fraction: negative when it has
	// passed.
	Days float64
}

// Expiries are for a metric with an alert, say at 30 days of an own certificate and at one of
// WeChat Pay's newest: the merchant's certificate, where [Config.Certificate] was given and not its
// number alone, and the certificates of WeChat Pay that the client knows now. A public key does not
// expire. Nothing is downloaded.
func (c *Client) Expiries() []Expiry {
	if c == nil || c.keys == nil {
		return nil
	}
	var out []Expiry
	if own := c.own.Load(); own.certificate != nil {
		out = append(out, expiryOf(own.serial, own.certificate.NotAfter, c.now()))
		out[0].Own = true
	}
	return append(out, c.keys.Expiries()...)
}

// Expiries are those of the certificates among the platform keys, as in [Client.Expiries].
func (k *Keys) Expiries() []Expiry {
	if k.none() {
		return nil
	}
	var out []Expiry
	now := k.now()
	for _, key := range k.live.set.Load().all {
		if !key.NotAfter.IsZero() {
			out = append(out, expiryOf(key.ID, key.NotAfter, now))
		}
	}
	return out
}

func expiryOf(serial string, end, now time.Time) Expiry {
	return Expiry{Serial: serial, NotAfter: end, Days: end.Sub(now).Hours() / 24}
}
