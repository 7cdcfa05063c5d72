package bench

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// Floor is the cryptography that no WeChat Pay can do without: for each request the signature of
// the request is verified and the reply signed, with RSA of 2048 bits.
type Floor struct {
	key            crypto.Signer
	public         *rsa.PublicKey
	request, reply []byte
	signature      string
	rate           float64 // of the last time
}

// NewFloor takes the key that requests are signed with.
func NewFloor(key crypto.Signer) (*Floor, error) {
	public, ok := key.Public().(*rsa.PublicKey)
	if !ok {
		return nil, lang.Errorf("the merchant's key is no RSA key")
	}
	f := &Floor{key: key, public: public, rate: 500,
		request: wire.AppendRequestMessage(nil, "POST", operations[0].path, "1700000000", sample, make([]byte, 250)),
		reply:   wire.AppendReplyMessage(nil, "1700000000", sample, make([]byte, 150))}
	var err error
	if f.signature, err = wire.Sign(rand.Reader, key, f.request); err != nil {
		return nil, err
	}
	return f, wire.Verify(public, f.request, f.signature)
}

const sample = "593BEC0C930BF1AFEB40B4A08C8FB242"

// Measure gives how many requests a second the cryptography alone allows, where so many are under
// way at once, and what processor time one uses. It takes a quarter of a round's load.
func (f *Floor) Measure(connections int) (rate float64, uses time.Duration) {
	n := int64(max(f.rate*slice.Seconds()/4, 16))
	var (
		next    atomic.Int64
		workers sync.WaitGroup
	)
	began, used := time.Now(), processorTime()
	for range min(connections, runtime.GOMAXPROCS(0)) { // more would wait for a processor
		workers.Go(func() {
			for next.Add(1) <= n {
				f.Once()
			}
		})
	}
	workers.Wait()
	f.rate = float64(n) / time.Since(began).Seconds()
	return f.rate, (processorTime() - used) / time.Duration(n)
}

// Once does what the floor is made of.
func (f *Floor) Once() {
	_ = wire.Verify(f.public, f.request, f.signature) // which NewFloor has seen to be right
	_, _ = wire.Sign(rand.Reader, f.key, f.reply)
}
