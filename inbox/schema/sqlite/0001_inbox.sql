-- The inbox of WeChat Pay's notifications, version 1, for SQLite.
-- Times are microseconds since 1970, UTC. Keys are made by the inbox and are ASCII.

-- One row a notification: what was handled, and what failed.
CREATE TABLE IF NOT EXISTS wxpay_inbox_events (
	mch_id     TEXT  NOT NULL,
	id         TEXT NOT NULL,
	event_type TEXT NOT NULL,
	state      TEXT   NOT NULL, -- done, failed, dead, due
	attempts   INTEGER      NOT NULL,
	claim      TEXT  NOT NULL, -- of the transaction that inserted the row
	reason     TEXT NOT NULL, -- why it failed, '' unless it did
	payload    TEXT,                  -- the notification, kept only while it is not handled
	created_at INTEGER       NOT NULL,
	changed_at INTEGER       NOT NULL,
	PRIMARY KEY (mch_id, id)
);
CREATE INDEX IF NOT EXISTS wxpay_inbox_events_by_state ON wxpay_inbox_events (state, changed_at);

-- What proved an APIv2 message that was handled, as a hash: one sign proves one message.
CREATE TABLE IF NOT EXISTS wxpay_inbox_proofs (
	mch_id     TEXT  NOT NULL,
	proof      TEXT  NOT NULL,
	event_id   TEXT NOT NULL,
	claim      TEXT NOT NULL, -- of the transaction that inserted the row
	changed_at INTEGER       NOT NULL,
	PRIMARY KEY (mch_id, proof)
);
CREATE INDEX IF NOT EXISTS wxpay_inbox_proofs_by_time ON wxpay_inbox_proofs (changed_at);

-- What happened, as a hash: it is handled once, whether a notification tells it or a query.
CREATE TABLE IF NOT EXISTS wxpay_inbox_facts (
	mch_id     TEXT  NOT NULL,
	fact       TEXT  NOT NULL,
	claim      TEXT  NOT NULL,
	swept      INTEGER  NOT NULL, -- 1: a query told it
	changed_at INTEGER       NOT NULL,
	PRIMARY KEY (mch_id, fact)
);
CREATE INDEX IF NOT EXISTS wxpay_inbox_facts_by_time ON wxpay_inbox_facts (changed_at);

-- The contracts that notifications told of.
CREATE TABLE IF NOT EXISTS wxpay_inbox_contracts (
	mch_id     TEXT  NOT NULL,
	contract   TEXT NOT NULL, -- key of the contract
	group_key  TEXT NOT NULL, -- key of the payer and plan, of the contract itself where the payer is not known
	sub_mch_id TEXT  NOT NULL,
	contract_id TEXT NOT NULL,
	code       TEXT NOT NULL,
	signed_at  INTEGER       NOT NULL, -- 0: not known
	ended_at   INTEGER       NOT NULL, -- 0: not known, -1: ended, not known when
	signed     INTEGER     NOT NULL, -- 1: a notification or query told of its signature itself
	person     TEXT  NOT NULL, -- hash of the openid
	sub_person TEXT  NOT NULL, -- hash of the openid at the sub-merchant
	changed_at INTEGER       NOT NULL,
	PRIMARY KEY (mch_id, contract)
);
CREATE INDEX IF NOT EXISTS wxpay_inbox_contracts_by_group ON wxpay_inbox_contracts (mch_id, group_key);
CREATE INDEX IF NOT EXISTS wxpay_inbox_contracts_by_person ON wxpay_inbox_contracts (person);
CREATE INDEX IF NOT EXISTS wxpay_inbox_contracts_by_sub_person ON wxpay_inbox_contracts (sub_person);
CREATE INDEX IF NOT EXISTS wxpay_inbox_contracts_by_time ON wxpay_inbox_contracts (changed_at);

-- A row is locked while an event about a contract of the group is handled.
CREATE TABLE IF NOT EXISTS wxpay_inbox_groups (
	mch_id     TEXT  NOT NULL,
	group_key  TEXT NOT NULL,
	changed_at INTEGER       NOT NULL,
	PRIMARY KEY (mch_id, group_key)
);
CREATE INDEX IF NOT EXISTS wxpay_inbox_groups_by_time ON wxpay_inbox_groups (changed_at);

-- What a notification is expected of, and when WeChat Pay is asked if none comes.
CREATE TABLE IF NOT EXISTS wxpay_inbox_expected (
	mch_id     TEXT  NOT NULL,
	name       TEXT NOT NULL,
	claim      TEXT  NOT NULL,
	kind       TEXT  NOT NULL,
	params     TEXT         NOT NULL,
	number     TEXT  NOT NULL, -- hash of the number
	person     TEXT  NOT NULL,
	watched    INTEGER     NOT NULL, -- 1: signed, and asked for its end
	tries      INTEGER      NOT NULL,
	ask_at     INTEGER       NOT NULL,
	until_at   INTEGER       NOT NULL,
	created_at INTEGER       NOT NULL,
	PRIMARY KEY (mch_id, name)
);
CREATE INDEX IF NOT EXISTS wxpay_inbox_expected_by_time ON wxpay_inbox_expected (ask_at);
CREATE INDEX IF NOT EXISTS wxpay_inbox_expected_by_person ON wxpay_inbox_expected (person);

-- Which versions of this schema were applied.
CREATE TABLE IF NOT EXISTS wxpay_inbox_schema (
	mch_id  TEXT NOT NULL, -- ''
	version INTEGER     NOT NULL,
	PRIMARY KEY (version)
);
INSERT INTO wxpay_inbox_schema (mch_id, version) VALUES ('', 1) ON CONFLICT DO NOTHING;
