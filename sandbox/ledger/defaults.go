package ledger

// Numbers of sandbox.DefaultMerchant, those of the official samples.
const (
	DefaultMchID    = "1900000109"
	DefaultAppID    = "wxd678efh567hg6787" // of combine-papay, password-exempt-contract and the orders
	DefaultEduAppID = "wx8888888888888888" // of edu-papay
	DefaultV2AppID  = "wxcbda96de0b165486" // of APIv2
	// DefaultPlanID is the plan_id of combine-papay, papay and insurance, and
	// the password-exempt service_id.
	DefaultPlanID    = "12535"
	DefaultEduPlanID = "101164396123311331" // of edu-papay and eduschoolpay
	DefaultSchoolID  = "18260256813396"
	// DefaultOrganizationID is the organisation of offline-face, which takes the
	// place of a plan.
	DefaultOrganizationID = "OAABBCCDDeeff"
	// DefaultDayPlanID is a papay plan of mode A, DefaultScheduledPlanID one
	// that takes contracts with a deduct_schedule only.
	DefaultDayPlanID       = "12536"
	DefaultScheduledPlanID = "12537"
	DefaultCreditPlanID    = "123" // of credit-repayment and global papay
	// DefaultNotifyURL is configured with every default plan. Notifications to
	// it go nowhere until its address is forwarded.
	DefaultNotifyURL = "https://yourapp.com/notify"
)
