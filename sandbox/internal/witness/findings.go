package witness

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// found is a finding with the moment it is dated by.
type found struct {
	ledger.Finding
	moment int64
}

// findings are what the client did wrong, oldest first.
func (s *scene) findings() []ledger.Finding {
	all := slices.Concat(s.forgeries(), s.newNumbers(), s.afterEnds(), s.twices(), s.otherBodies(), s.repeated(),
		s.undelivered())
	slices.SortStableFunc(all, func(a, b found) int { return cmp.Compare(a.moment, b.moment) })
	out := []ledger.Finding{}
	for _, f := range all {
		out = append(out, f.Finding)
	}
	return out
}

// make words a finding; advice is that of its kind.
func finding(kind ledger.FindingKind, moment int64, mchid, says, saysZH string, proof ...ledger.Proof) found {
	a := advice[kind]
	return found{ledger.Finding{Kind: kind, MchID: mchid, Says: says, SaysZH: saysZH, Advice: a[0], AdviceZH: a[1],
		Proof: proof}, moment}
}

// forgeries are messages that had to be refused and were answered as handled.
func (s *scene) forgeries() (out []found) {
	for _, a := range s.attempts {
		name, forged := a.forged(s.Forged)
		if !forged || !a.Accepted {
			continue
		}
		out = append(out, finding(ledger.FoundForgery, a.Began, a.MchID,
			fmt.Sprintf("answered %d to a forged notification: %s %s was sent with the fault %s", a.Status, a.Event,
				a.Push, name),
			fmt.Sprintf("对伪造的通知应答了 %d：%s %s 带有故障 %s", a.Status, a.Event, a.Push, name), a.proof()))
	}
	return out
}

// newNumbers are debits that were asked for again under another number, though the client did not
// know what had become of the first and had not asked.
func (s *scene) newNumbers() (out []found) {
	byContract := map[string][]*Call{}
	first := map[string]*Call{} // of a number
	for _, c := range s.calls {
		if c.debits() {
			byContract[c.MchID+" "+c.Contract] = append(byContract[c.MchID+" "+c.Contract], c)
			if first[c.numbered()] == nil {
				first[c.numbered()] = c
			}
		}
	}
	done := map[string]bool{}
	for _, c := range s.calls {
		key := c.numbered()
		if !c.debits() || c.told() || done[key] {
			continue
		}
		for _, next := range byContract[c.MchID+" "+c.Contract] {
			fresh := first[next.numbered()] == next && next.Came > c.Answered
			if !fresh || next.Operation != c.Operation || next.Amount != c.Amount || next.Number == c.Number {
				continue
			}
			if s.knew(c, next.Came) {
				break
			}
			done[key] = true
			f := finding(ledger.FoundNewNumber, next.Came, c.MchID,
				fmt.Sprintf("retried a debit under a new number: %s under contract %s, %s, after it was not told what "+
					"became of %s and without asking", fen(c.Amount), c.Contract, next.Number, c.Number),
				fmt.Sprintf("换了新单号重试扣款：协议 %s 扣 %s，单号 %s 的结果还不知道，没有查询就又用了 %s", c.Contract,
					fenZH(c.Amount), c.Number, next.Number), c.proof(), next.proof())
			f.Contract = c.Contract
			out = append(out, f)
			break
		}
	}
	return out
}

// knew says whether a client may have known by a moment what became of a call: it was answered by
// anything about the same number, got a bill, or accepted a notification.
func (s *scene) knew(c *Call, by int64) bool {
	name := "trade:" + c.Number
	for _, l := range s.about[name] {
		if l != c && l.Came > c.Came && l.Came < by && l.told() && l.same(c) {
			return true
		}
	}
	for _, l := range s.calls {
		if l.Came > c.Came && l.Came < by && l.MchID == c.MchID && strings.Contains(l.Operation, "bill") {
			return true
		}
	}
	return s.toldOf(&Said{Names: []string{name}}, c.MchID, c.Came, by)
}

// ended is how and when a client heard of a contract's end.
type ended struct {
	moment int64
	proof  ledger.Proof
}

// afterEnds are debits, under numbers that were not used before, of contracts whose end the client
// knew of. The first may have been on its way when the client was told: it counts once another one
// comes after its answer.
func (s *scene) afterEnds() (out []found) {
	ends := s.ends()
	used, debits := map[string]bool{}, map[string][]*Call{}
	for _, c := range s.calls {
		if c.MchID == "" && c.Number != "" { // a fault made its signature wrong: it is anybody's
			used[c.Number] = true
		}
		if !c.debits() {
			continue
		}
		end, known := ends[c.Contract]
		before := used[c.numbered()] || used[c.Number]
		if !known || c.Came <= end.moment || before {
			used[c.numbered()] = true
			continue
		}
		list := debits[c.Contract]
		if len(list) == 0 || list[0].told() && c.Came > list[0].Answered && c.Number != list[0].Number {
			debits[c.Contract] = append(list, c)
		}
	}
	for contract, calls := range debits {
		if len(calls) < 2 {
			continue
		}
		proof := []ledger.Proof{ends[contract].proof}
		for _, c := range calls {
			proof = append(proof, c.proof())
		}
		last := calls[len(calls)-1]
		f := finding(ledger.FoundAfterEnd, calls[1].Came, calls[1].MchID,
			fmt.Sprintf("went on debiting a terminated contract: %s was asked for %s of contract %s after the client "+
				"was told of its end, and after it was answered to %s", last.Number, fen(last.Amount), contract,
				calls[0].Number),
			fmt.Sprintf("协议已解约仍继续扣款：已知协议 %s 解约，单号 %s 得到应答之后，又以单号 %s 扣 %s", contract, calls[0].Number,
				last.Number, fenZH(last.Amount)), proof...)
		f.Contract = contract
		out = append(out, f)
	}
	return out
}

// ends are the contracts that have ended, by id, with the first moment at which the client knew.
func (s *scene) ends() map[string]ended {
	out := map[string]ended{}
	know := func(id string, moment int64, proof ledger.Proof) {
		if was, known := out[id]; !known || moment < was.moment {
			out[id] = ended{moment, proof}
		}
	}
	over := map[string]*ledger.Contract{}
	byCode := map[string]string{}
	for _, c := range s.Contracts {
		if c.State == ledger.ContractTerminated {
			over[c.ID] = c
			byCode[c.MchID+" contract:"+c.Code] = c.ID
		}
	}
	for _, a := range s.attempts {
		if over[a.Contract] != nil && a.heard(s.Forged) && endsContract(a) {
			know(a.Contract, a.Ended, a.proof())
		}
	}
	for _, c := range s.calls {
		if !strings.Contains(c.Operation, "terminate") && !strings.Contains(c.Operation, "deletecontract") ||
			!c.told() || !c.succeeded() {
			continue
		}
		id := c.Contract
		if id == "" && c.Number != "" {
			id = byCode[c.MchID+" contract:"+c.Number]
		}
		if end := over[id]; end != nil && !end.TerminatedAt.After(c.At) {
			know(id, c.Answered, c.proof())
		}
	}
	return out
}

// endsContract says that an attempt tells of the end of a contract.
func endsContract(a *Attempt) bool {
	switch {
	case strings.HasSuffix(a.Event, "INQUIRY"), strings.HasSuffix(a.Event, "RETENTION"): // questions
		return false
	}
	return strings.Contains(a.Event, ".TERMINATE") || strings.HasSuffix(a.Event, ".RELEASE")
}

// twices are calls that each of two deliveries of one notification led to: made while it was being
// answered, for the same, under two numbers.
func (s *scene) twices() (out []found) {
	for push, attempts := range s.sent {
		first, second := s.pair(attempts)
		if first.call == nil {
			continue
		}
		a, c := first.attempt, first.call
		what, whatZH := "contract "+a.Contract, "协议 "+a.Contract
		if a.Contract == "" {
			what, whatZH = "notification "+push, "通知 "+push
		}
		f := finding(ledger.FoundTwice, second.call.Came, a.MchID,
			fmt.Sprintf("%s handled twice: while %s was being delivered the client asked for %s as %s, and when it "+
				"was delivered again as %s", what, a.Event, fen(c.Amount), c.Number, second.call.Number),
			fmt.Sprintf("%s 被处理了两次：投递 %s 时以单号 %s 请求了 %s，重复投递时又用了单号 %s", whatZH, a.Event, c.Number,
				fenZH(c.Amount), second.call.Number),
			a.proof(), c.proof(), second.attempt.proof(), second.call.proof())
		f.Contract = a.Contract
		out = append(out, f)
	}
	return out
}

// led is a call that was made during an attempt, and about the same.
type led struct {
	attempt *Attempt
	call    *Call
}

// pair finds two attempts, one after the other, that led to the same twice. Of two at the same time
// nobody can tell which led to what.
func (s *scene) pair(attempts []*Attempt) (first, second led) {
	var before []led
	for _, a := range attempts {
		if !a.heard(s.Forged) {
			continue
		}
		calls := s.during(a)
		for _, c := range calls {
			for _, b := range before {
				same := b.call.Operation == c.Operation && b.call.Amount == c.Amount
				if same && b.attempt.Ended < a.Began && b.call.Number != c.Number {
					return b, led{a, c}
				}
			}
		}
		for _, c := range calls {
			before = append(before, led{a, c})
		}
	}
	return first, second
}

// during are the calls that came while an attempt was under way and ask for what it is about.
func (s *scene) during(a *Attempt) (out []*Call) {
	i, _ := slices.BinarySearchFunc(s.calls, a.Began, func(c *Call, moment int64) int {
		return cmp.Compare(c.Came, moment)
	})
	for ; i < len(s.calls) && s.calls[i].Came < a.Ended; i++ {
		c := s.calls[i]
		about := a.Contract != "" && c.Contract == a.Contract || c.shares(&a.Said)
		if c.orders() && c.MchID == a.MchID && about {
			out = append(out, c)
		}
	}
	return out
}

// otherBodies are calls that say something else under a number that was taken, or may have been.
func (s *scene) otherBodies() (out []found) {
	taken, done := map[string]*Call{}, map[string]bool{}
	for _, c := range s.calls {
		if !c.orders() {
			continue
		}
		key := c.Operation + " " + c.numbered()
		was := taken[key]
		if was != nil && was.Sum != c.Sum && was.Answered < c.Came && !done[key] {
			done[key] = true
			f := finding(ledger.FoundOtherBody, c.Came, c.MchID,
				fmt.Sprintf("used another body under the same number: %s was sent as %s again and says something else",
					c.Number, c.Operation),
				fmt.Sprintf("同一单号发了不同的内容：%s 再次调用 %s 时内容变了", c.Number, c.Operation), was.proof(), c.proof())
			f.Contract = c.Contract
			out = append(out, f)
		}
		if was == nil && (c.succeeded() || !c.told()) {
			taken[key] = c
		}
	}
	return out
}

// thrice is how often the same refused call is sent before it is a finding, within a while.
const (
	thrice = 3
	while  = time.Hour
)

// repeated are calls that were sent again as they were, though each was refused for what it says.
func (s *scene) repeated() (out []found) {
	runs, done := map[string][]*Call{}, map[string]bool{}
	for _, c := range s.calls {
		if c.MchID == "" || c.Sum == 0 || strings.HasPrefix(c.Operation, "GET ") {
			continue
		}
		key := fmt.Sprint(c.MchID, " ", c.Operation, " ", c.Sum, " ", c.Code)
		if !c.told() || !final[strings.ReplaceAll(c.Code, "_", "")] || len(c.Faults) > 0 {
			continue
		}
		runs[key] = append(runs[key], c)
		run := runs[key]
		if len(run) < thrice || done[key] || c.At.Sub(run[len(run)-thrice].At).Abs() > while {
			continue
		}
		done[key] = true
		last := run[len(run)-thrice:]
		var proof []ledger.Proof
		for _, o := range last {
			proof = append(proof, o.proof())
		}
		out = append(out, finding(ledger.FoundRepeated, c.Came, c.MchID,
			fmt.Sprintf("repeated a call that was refused for good: %s was sent %d times as it was, and each time "+
				"answered %s", c.Operation, thrice, c.Code),
			fmt.Sprintf("反复发送已被明确拒绝的调用：%s 原样发了 %d 次，每次都应答 %s", c.Operation, thrice, c.Code), proof...))
	}
	return out
}

// final are the codes, without _, of what is wrong with what a call says: the same again is refused
// again. What time, money or somebody else may change is not among them, such as INVALID_REQUEST.
var final = map[string]bool{"PARAMERROR": true, "LACKPARAMS": true, "XMLFORMATERROR": true, "NOTUTF8": true}

// undelivered are notifications that were sent until the last attempt and never answered as
// handled, leaving aside attempts that a fault spoiled.
func (s *scene) undelivered() (out []found) {
	for _, p := range s.Pushes {
		if p.State != ledger.PushGivenUp {
			continue
		}
		sent := s.sent[p.ID]
		if len(sent) == 0 || sent[0].No != 1 || slices.ContainsFunc(sent, func(a *Attempt) bool { return a.Accepted }) {
			continue // it began before what is remembered, or was accepted
		}
		var fair []*Attempt
		answered := false
		for _, a := range sent {
			if len(a.Faults) == 0 {
				fair = append(fair, a)
				answered = answered || a.Status != 0
			}
		}
		if len(fair) == 0 {
			continue
		}
		kind := ledger.FoundNeverAnswered
		says := fmt.Sprintf("never answered notification %s (%s), which was sent %d times", p.ID, p.Event, len(fair))
		saysZH := fmt.Sprintf("从未应答通知 %s（%s），共发送 %d 次", p.ID, p.Event, len(fair))
		if answered {
			kind = ledger.FoundNeverAccepted
			says = fmt.Sprintf("refused notification %s (%s) for ever: it was sent %d times, and never answered 2xx "+
				"with success", p.ID, p.Event, len(fair))
			saysZH = fmt.Sprintf("通知 %s（%s）始终没有应答成功，共发送 %d 次", p.ID, p.Event, len(fair))
		}
		f := finding(kind, fair[len(fair)-1].Began, p.MchID, says, saysZH, fair[0].proof())
		if last := fair[len(fair)-1]; last != fair[0] {
			f.Proof = append(f.Proof, last.proof())
		}
		f.Contract = fair[0].Contract
		out = append(out, f)
	}
	return out
}

func fen(amount int64) string   { return fmt.Sprintf("%d fen", amount) }
func fenZH(amount int64) string { return fmt.Sprintf("%d 分", amount) }
