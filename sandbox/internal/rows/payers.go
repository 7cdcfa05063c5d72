package rows

import "cmp"

// Payers are how an order, a session or a contract names its payer: by an openid under the
// merchant's appid, by one under the sub-merchant's, or by both, who are one person then. Without
// either it is whoever comes.
type Payers struct{ OpenID, SubOpenID string }

func (o *Order) Payers() Payers { return Payers{o.OpenID, o.SubOpenID} }

func (s *Session) Payers() Payers { return Payers{s.OpenID, s.SubOpenID} }

func (c *Contract) Payers() Payers { return Payers{c.OpenID, c.SubOpenID} }

// Share tells whether two name their payer by the same openid. Where they do not, they may be one
// person's all the same, under different appids.
func (p Payers) Share(q Payers) bool {
	return p.OpenID != "" && p.OpenID == q.OpenID || p.SubOpenID != "" && p.SubOpenID == q.SubOpenID
}

// Name is an openid of the one who is named, "" for anybody.
func (p Payers) Name() string { return cmp.Or(p.OpenID, p.SubOpenID) }
