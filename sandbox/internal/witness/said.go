package witness

import (
	"encoding/json"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
)

// Said is what is kept of what a call or a notification says.
type Said struct {
	Number   string   // by which the call names what it asks for; "" for none
	Names    []string // every number in it, with its kind: "trade:1217752501201407033233368018"
	Sub      string   // the sub-merchant whose number it is, "" for none and for several
	Contract string
	Amount   int64  // fen, of all parts
	Sum      uint64 // of all it says, 0 where that is not compared
}

// kinds are the members with numbers of the merchant's, and what they number. The first that a
// call has is its own.
var kinds = []struct{ member, kind string }{
	{"out_refund_no", "refund"}, {"combine_out_trade_no", "trade"}, {"out_trade_no", "trade"},
	{"out_contract_code", "contract"}, {"contract_code", "contract"},
}

// amounts are the members of APIv3's amount objects, and APIv2's own, that say how much is asked
// for.
var amounts = []string{"total", "total_amount", "refund", "total_fee", "refund_fee"}

// subMerchant is what a sub-merchant is found under, however it is written.
const subMerchant = "sub_mchid"

// Read looks at what a call says: in its path and query, and in its body.
func Read(body map[string]any, places ...map[string]string) (s Said) {
	found := map[string][]string{}
	for _, place := range places {
		for member, value := range place {
			s.see(found, member, value)
		}
	}
	s.walk(found, body)
	for _, k := range kinds {
		slices.Sort(found[k.member]) // the members of an object come in any order
		for _, value := range found[k.member] {
			name := k.kind + ":" + value
			if s.Number == "" {
				s.Number = value
			}
			if !slices.Contains(s.Names, name) {
				s.Names = append(s.Names, name)
			}
		}
	}
	if subs := slices.Compact(slices.Sorted(slices.Values(found[subMerchant]))); len(subs) == 1 {
		s.Sub = subs[0]
	}
	if refund := found["refund"]; len(refund) > 0 || len(found["refund_fee"]) > 0 {
		s.Amount = sum(slices.Concat(refund, found["refund_fee"])) // total is the order's
	} else {
		s.Amount = sum(slices.Concat(found["total"], found["total_amount"], found["total_fee"]))
	}
	return s
}

func sum(values []string) (fen int64) {
	for _, value := range values {
		n, _ := strconv.ParseInt(value, 10, 64)
		fen += n
	}
	return fen
}

func (s *Said) walk(found map[string][]string, node any) {
	switch n := node.(type) {
	case map[string]any:
		for member, inner := range n {
			switch value := inner.(type) {
			case map[string]any, []any:
				s.walk(found, value)
			case string:
				s.see(found, member, value)
			case json.Number:
				s.see(found, member, value.String())
			case float64:
				s.see(found, member, strconv.FormatFloat(value, 'f', -1, 64))
			}
		}
	case []any:
		for _, element := range n {
			s.walk(found, element)
		}
	}
}

func (s *Said) see(found map[string][]string, member, value string) {
	switch {
	case value == "":
	case member == "contract_id":
		s.Contract = value
	case member == "sub_mchid", member == "sub_mch_id":
		found[subMerchant] = append(found[subMerchant], value)
	case slices.Contains(amounts, member),
		slices.ContainsFunc(kinds, func(k struct{ member, kind string }) bool { return k.member == member }):
		found[member] = append(found[member], value)
	}
}

// varying are members that differ each time the same is asked for.
var varying = []string{"sign", "sign_type", "nonce_str", "timestamp"}

// Compare keeps a sum of all that is said, so that it can be told whether two calls say the same.
func (s *Said) Compare(body map[string]any, places ...map[string]string) {
	h := fnv.New64a()
	_ = json.NewEncoder(h).Encode(places)
	plain := maps.Clone(body)
	for _, member := range varying {
		delete(plain, member)
	}
	_ = json.NewEncoder(h).Encode(plain) // sorted by member
	s.Sum = h.Sum64() | 1
}

// shares says whether two name the same thing.
func (s *Said) shares(other *Said) bool {
	return slices.ContainsFunc(s.Names, func(name string) bool { return slices.Contains(other.Names, name) })
}
