// Package samples has the numbers of the default merchant, those of the official samples. They
// stand apart because both a product, which says what plans of it the default merchant has, and the
// door, which shows the numbers to users, need them.
//
// It knows nothing. Start reading at sandbox/config.go, which says what each number is of.
package samples

const (
	MchID           = "1900000109"
	AppID           = "wxd678efh567hg6787"
	EduAppID        = "wx8888888888888888"
	V2AppID         = "wxcbda96de0b165486"
	PlanID          = "12535"
	EduPlanID       = "101164396123311331"
	SchoolID        = "18260256813396"
	OrganizationID  = "OAABBCCDDeeff"
	DayPlanID       = "12536"
	ScheduledPlanID = "12537"
	CreditPlanID    = "123"
	NotifyURL       = "https://yourapp.com/notify"
	OpenID          = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
	SubMchID        = "1230000109"
	SubAppID        = "wxd678efh567hg6999"
	SubOpenID       = "oUpF8uMuAJOM2pxb2W"
)
