package witness

import "github.com/wxpay-go/wxpay/sandbox/ledger"

// advice says, in English and Chinese, what to do in the place of what was found.
var advice = map[ledger.FindingKind][2]string{
	ledger.FoundForgery: {
		"Verify the signature over the bytes as they came, and its time, before anything is read; answer 4xx or 5xx " +
			"to what fails.",
		"先对收到的原始报文验签并检查时间，再读内容；验不过的应答 4xx 或 5xx。",
	},
	ledger.FoundNewNumber: {
		"Send the same call under the same number again, or query that number first; a new number may take the money " +
			"twice.",
		"用原单号原样重试，或者先查询原单号；换新单号可能重复扣款。",
	},
	ledger.FoundAfterEnd: {
		"Keep the end of a contract when you are told of it, and look at it before each debit.",
		"收到解约通知后记下状态，每次扣款前先检查协议是否有效。",
	},
	ledger.FoundTwice: {
		"Keep the id of the notification, or what it is about, in the transaction that handles it, and handle each " +
			"once; take the number of a debit from what it pays for and not from the moment.",
		"在处理通知的同一个事务里记下通知 id（或业务单号），每条只处理一次；扣款单号按业务生成，不要每次新取。",
	},
	ledger.FoundOtherBody: {
		"Store the call before it is sent, and repeat it as it was; what is to be changed needs another number.",
		"发送前先保存请求，重试时原样发送；内容要改就换单号。",
	},
	ledger.FoundRepeated: {
		"Do not retry a refusal for what the call says; correct the call, or stop and report it.",
		"因请求本身有误而被拒绝的，不要重试；改正请求，或停下来报警。",
	},
	ledger.FoundNeverAnswered: {
		"See whether the address is right and whether the receiver answers within five seconds; do slow work " +
			"afterwards.",
		"检查通知地址是否正确、接收端能否在五秒内应答；耗时的处理放到应答之后。",
	},
	ledger.FoundNeverAccepted: {
		"Answer 200 or 204 (APIv2: SUCCESS) once the notification is handled or stored; see in the journal of your " +
			"receiver why it refuses.",
		"处理或保存好通知后应答 200 或 204（APIv2 为 SUCCESS）；到接收端日志里查拒绝的原因。",
	},
}
