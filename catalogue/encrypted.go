package catalogue

// EncryptedBody names the fields of the body that travel RSA-OAEP encrypted, as JSON pointers in
// which * stands for every element of a list: "/identity/real_name".
func (o *Operation) EncryptedBody() []string { return encrypted(o.Body) }

// EncryptedReply is EncryptedBody for the reply, whose fields are encrypted to the merchant's
// certificate.
func (o *Operation) EncryptedReply() []string { return encrypted(o.Reply) }

func encrypted(object *Field) []string {
	var found []string
	var visit func(at string, f *Field)
	visit = func(at string, f *Field) {
		if f == nil {
			return
		}
		if f.Encrypted {
			found = append(found, at)
		}
		for _, m := range f.Fields {
			visit(at+"/"+m.Name, m)
		}
		visit(at+"/*", f.Items)
	}
	visit("", object)
	return found
}
