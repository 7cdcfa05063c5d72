package explain

import "github.com/wxpay-go/wxpay/internal/wire"

// budget is how many bytes may still be put together and hashed for one explanation.
// Anyone who sends a message need not have a key to have it explained, so what that costs
// must not grow with the message: guesses times its length would be minutes.
type budget int

// wholeBudget is a tenth of a second's work, and every known mistake in messages of usual
// length.
const wholeBudget budget = 16 << 20

// perGuess is what a guess costs beside its bytes.
const perGuess = 128

// spend reports whether there was enough left for so many bytes.
func (b *budget) spend(bytes int) bool {
	*b -= budget(min(bytes, int(wholeBudget)) + perGuess)
	return !b.spent()
}

func (b *budget) spent() bool { return *b < 0 }

// indentedSize is how long compact JSON gets with every member on a line of its own. It
// grows with the depth times the lines, so it is asked before anything is indented.
func indentedSize(compact []byte, indent int) int {
	size, depth := len(compact), 0
	for _, c := range wire.Marks(compact) {
		switch c {
		case '[', '{':
			depth++
			size += 1 + depth*indent
		case ']', '}':
			depth--
			size += 1 + depth*indent
		case ',':
			size += 1 + depth*indent
		case ':':
			size++
		}
	}
	return size
}

// choice is a value that somebody may have put in place of the right one, and the mistake that it
// is.
type choice[T any] struct {
	value T
	as    Finding
}
