package catalogue

// Source says how sure we are of a fact.
type Source string

// The sources, from the surest to the least sure.
const (
	SourceDoc      Source = "doc"      // seen on an official page or in official code
	SourceSeen     Source = "seen"     // seen in answers and messages of production that people have published
	SourceSpec     Source = "spec"     // from a machine-readable mirror of the official pages, which carries no lengths
	SourceInferred Source = "inferred" // deduced; a real reply may prove it wrong
)

// Fidelity says how the sandbox treats an endpoint.
type Fidelity string

// The fidelities.
const (
	FidelityStateful Fidelity = "stateful" // played with state: what is created can be queried, changed, ended
	FidelityStub     Fidelity = "stub"     // validated, answered with a plausible fixed reply
	FidelityNone     Fidelity = "none"     // known by path only; the sandbox says that it lacks it
)

// Protocol is how an endpoint talks.
type Protocol string

// The protocols.
const (
	ProtocolV3 Protocol = "v3" // JSON, signed with RSA in headers
	// flat XML, signed with the APIv2 key in the field sign; its paths do not begin with /v3/
	ProtocolV2 Protocol = "v2"
)

// Family is one product: its endpoints and its notifications. One file under data/ holds one
// family.
type Family struct {
	Name        string // "edu-papay": the file name, and the name used in messages
	Package     string // Go package of the typed chain: "edupapay"
	Protocol    Protocol
	Root        string // path prefix shared by its endpoints, where the package's own chain starts: "/v3/edu-papay"
	Title       string // official product name, Chinese: "教育续费通"
	Description string // what the product is for, in English
	Operations  []*Operation
	Events      []*Event
	Rules       []Rule

	// Segments spells path segments that GoName would spell alike, such as policy-periods and
	// policy_periods.
	Segments map[string]string
}

// GoSegment spells a path segment of this family as a Go identifier.
func (f *Family) GoSegment(segment string) string {
	if name := f.Segments[segment]; name != "" {
		return name
	}
	return GoName(segment)
}

// Operation is one endpoint.
type Operation struct {
	Method      string // upper case
	Path        string // with {variables}: "/v3/edu-papay/contracts/id/{contract_id}"
	Name        string // Go prefix of its request and reply types: "Presign"
	Title       string // official title, Chinese
	Description string // what it does, in English
	Doc         string // address of the official page
	Roles       []string
	PathParams  []*Field // in the order of the path
	Query       []*Field
	Body        *Field // type object; nil when the request has no body
	Success     int    // HTTP status of success: 200, 202 or 204
	Reply       *Field // type object; nil when success has no body
	ReplyName   string // Go name of the reply type; operations of one family with equal replies may share one
	Errors      []ErrorCode
	Events      []string // event types it can lead to
	Outcome     *Outcome // how it is learnt what became of a call without an answer; nil of a call that only asks
	Fidelity    Fidelity
	Source      Source
	SignType    string // of an APIv2 call that is not signed with MD5
	MTLS        bool   // needs the merchant's certificate on the connection
	Unsigned    bool   // the reply has no signature: a file or text, where none is described, and one of APIv2's GETs
	Page        bool   // of APIv2, opened by a payer and not called

	Family *Family
}

// ID is the method and the path, the key of Catalogue.Operation.
func (o *Operation) ID() string { return o.Method + " " + o.Path }

// SDKPath is the path as the chain and the index write it: without the leading slash, and with v2/
// before APIv2 paths.
func (o *Operation) SDKPath() string { return sdkPath(o.Path) }

// ErrorCode is one documented way for an endpoint to fail.
type ErrorCode struct {
	HTTP    int    // 200 for APIv2, whose failures are in the body
	Code    string // branch on HTTP and Code, never on the message
	Message string // official message when known, Chinese
	Meaning string // what it means and what to do, in English
	Source  Source
}

// Event is one notification a family sends.
type Event struct {
	Type         string // "ECOMMERCE_ENTRUST.SIGN"
	Title        string // official title, Chinese
	Description  string
	OriginalType string // resource.original_type
	// where it is sent: "request" (the notify_url of the call) or "template" (configured with the
	// plan)
	Target   string
	Resource *Field // the decrypted resource, type object
	Source   Source

	Family *Family
}

// Rule is a fact that no field can carry: a lifetime, an order of calls, a deviation of the
// sandbox.
type Rule struct {
	Text   string
	Doc    string
	Source Source
}
