package catalogue

import (
	"fmt"
	"strings"
)

// breach is a rule that a value breaks, in two languages: the issue for people who read hints, and
// what WeChat Pay's validator says, form and words. The forms and most words are those of answers
// that people have recorded; docs/fidelity.md says which are not.
type breach struct {
	issue string // "" for none
	form  form
	words string
	value any // what the answer repeats in place of the value
}

// form is a sentence of the validator's, which has the source, the field's title and the words.
type form string

const (
	missing form = "输入源“%s”映射到字段“%s”必填性规则校验失败，%s"
	ofText  form = "输入源“%s”映射到值字段“%s”字符串规则校验失败，%s"
	ofSize  form = "输入源“%s”映射到数值字段“%s”规则校验失败，%s"
	ofList  form = "输入源“%s”映射到数组字段“%s”规则校验失败，%s"
	ofType  form = "无法将 JSON 输入源“%s”映射到目标字段“%s”中，此字段需要一个%s"
	ofPlain form = "无法将输入源“%s”映射到目标字段“%s”中，此字段需要一个%s"
	twice   form = "输入源“%s”映射到的字段“%s”%s"
)

// isMissing is the breach of a value that is required.
func isMissing(issue string) breach { return breach{issue, missing, "此字段为必填项", ""} }

// badText is the breach of a string without a rule that production was seen to name.
func badText(issue, words string) breach { return breach{issue: issue, form: ofText, words: words} }

// notText is the breach of a string with something that no text may have.
func notText(problem string) breach {
	return badText(problem, map[string]string{problemControl: "字符串含有控制字符", problemEmoji: "字符串含有四字节的字符",
		problemUTF8: "字符串不是合法的UTF-8编码"}[problem])
}

// badLength tells the length in bytes and the limit.
func badLength(issue string, length, least, most int) breach {
	return badCount(issue, ofText, "字节数", length, least, most)
}

// badCount tells how many there are and the limit, and repeats how many.
func badCount(issue string, in form, what string, n, least, most int) breach {
	limit := fmt.Sprintf("大于最大值 %d", most)
	if n < least {
		limit = fmt.Sprintf("小于最小值 %d", least)
	}
	return breach{issue: issue, form: in, words: fmt.Sprintf("%s %d，%s", what, n, limit), value: n}
}

func badPattern(pattern string) breach {
	return badText("must match "+pattern, "字符串必须匹配正则表达式“"+pattern+"”")
}

func badChoice(choices []string) breach {
	return badText("must be one of "+strings.Join(choices, ", "), "值不在枚举范围内")
}

// notThe is the breach of a value of another type.
func notThe(t Type, issue string) breach {
	words := " " + string(t) + " 类型的 Json 值"
	if t == Integer {
		words = "合法的 64 位有符号整数"
	}
	return breach{issue: issue, form: ofType, words: words}
}

// isTwice is the breach of a value that is there more than once.
func isTwice(issue, location, at string) breach {
	return breach{issue: issue, form: twice, words: "并非多重字段但被输入源“" + source(location, at) + "”映射过了"}
}

// source is a place as answers name it: a pointer into the body, or a name elsewhere.
func source(location, at string) string {
	if location != LocationBody {
		at = "/" + at
	}
	return "/" + location + at
}

// violation is the breach of a field at a place.
func (f *Field) violation(location, at string, b breach, sent any) *Violation {
	title := f.Label
	if title == "" {
		title = at[strings.LastIndexByte(at, '/')+1:]
	}
	if b.value != nil {
		sent = b.value
	}
	if f.Encrypted {
		sent = nil
	}
	return &Violation{Field: at, Value: sent, Issue: b.issue, Location: location,
		Message: fmt.Sprintf(string(b.form), source(location, at), title, b.words)}
}

// unreadable is a body that cannot be read, or a value of it for which production was not seen to
// have words.
func unreadable(at, issue string) *Violation {
	return &Violation{Field: at, Issue: issue, Message: "参数错误", Location: LocationBody}
}

// maxUnknown bounds how many members an answer lists.
const maxUnknown = 64

// unknowns is the violation of members that the endpoint does not have; at are their places.
func unknowns(location string, at []string) *Violation {
	v := &Violation{Field: at[0], Issue: "this endpoint has no such field", Location: location,
		Message: "请求中含有未在API文档中定义的参数"}
	if location == LocationQuery {
		v.Issue = "this endpoint has no such query parameter"
	}
	if len(at) > 1 {
		v.Issue += fmt.Sprintf("; nor has it %s", strings.Join(at[1:], ", "))
	}
	for _, place := range at {
		v.Unknown = append(v.Unknown, source(location, place))
	}
	return v
}
