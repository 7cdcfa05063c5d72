// Package sm3 is the hash SM3, which some of WeChat Pay's uploads of invoices want and the
// standard library does not have. It is a [hash.Hash] and nothing more: no key and no secret goes
// through it.
//
// Source: GB/T 32905-2016; in English https://datatracker.ietf.org/doc/html/draft-sca-cfrg-sm3-02
//
// It knows nothing of the other rooms. Start reading at [New].
package sm3

import (
	"encoding/binary"
	"hash"
	"math/bits"
)

// Size is the length of a sum in bytes, BlockSize that of a block.
const (
	Size      = 32
	BlockSize = 64
)

var initial = [8]uint32{0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e}

type digest struct {
	state  [8]uint32
	block  [BlockSize]byte
	filled int // of block
	length uint64
}

// New is a hash that has seen nothing yet.
func New() hash.Hash {
	d := new(digest)
	d.Reset()
	return d
}

func (d *digest) Reset()         { *d = digest{state: initial} }
func (d *digest) Size() int      { return Size }
func (d *digest) BlockSize() int { return BlockSize }

func (d *digest) Write(p []byte) (int, error) {
	n := len(p)
	d.length += uint64(n)
	for len(p) > 0 {
		took := copy(d.block[d.filled:], p)
		p, d.filled = p[took:], d.filled+took
		if d.filled == BlockSize {
			d.compress()
			d.filled = 0
		}
	}
	return n, nil
}

// Sum pads a copy, so that more may be written afterwards.
func (d *digest) Sum(to []byte) []byte {
	end := *d
	padding := make([]byte, 1, BlockSize+8)
	padding[0] = 0x80
	for (end.filled+len(padding))%BlockSize != BlockSize-8 {
		padding = append(padding, 0)
	}
	_, _ = end.Write(binary.BigEndian.AppendUint64(padding, d.length*8)) // it never fails
	for _, word := range end.state {
		to = binary.BigEndian.AppendUint32(to, word)
	}
	return to
}

// compress takes in the block.
func (d *digest) compress() {
	var w [68]uint32
	for i := range 16 {
		w[i] = binary.BigEndian.Uint32(d.block[4*i:])
	}
	for i := 16; i < len(w); i++ {
		x := w[i-16] ^ w[i-9] ^ bits.RotateLeft32(w[i-3], 15)
		x ^= bits.RotateLeft32(x, 15) ^ bits.RotateLeft32(x, 23)
		w[i] = x ^ bits.RotateLeft32(w[i-13], 7) ^ w[i-6]
	}
	a, b, c, e := d.state[0], d.state[1], d.state[2], d.state[4]
	dd, f, g, h := d.state[3], d.state[5], d.state[6], d.state[7]
	for i := range 64 {
		constant, ff, gg := uint32(0x79cc4519), a^b^c, e^f^g
		if i >= 16 {
			constant, ff, gg = 0x7a879d8a, a&b|a&c|b&c, e&f|^e&g
		}
		turned := bits.RotateLeft32(a, 12)
		one := bits.RotateLeft32(turned+e+bits.RotateLeft32(constant, i), 7)
		two := one ^ turned
		first, second := ff+dd+two+(w[i]^w[i+4]), gg+h+one+w[i]
		a, b, c, dd = first, a, bits.RotateLeft32(b, 9), c
		e, f, g, h = second^bits.RotateLeft32(second, 9)^bits.RotateLeft32(second, 17), e, bits.RotateLeft32(f, 19), g
	}
	for i, word := range [8]uint32{a, b, c, dd, e, f, g, h} {
		d.state[i] ^= word
	}
}
