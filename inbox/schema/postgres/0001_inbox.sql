-- The inbox of WeChat Pay's notifications, version 1, for PostgreSQL.
-- Times are microseconds since 1970, UTC. Keys are made by the inbox and are ASCII.

-- One row a notification: what was handled, and what failed.
CREATE TABLE IF NOT EXISTS wxpay_inbox_events (
	mch_id     VARCHAR(64)  NOT NULL,
	id         VARCHAR(128) NOT NULL,
	event_type VARCHAR(128) NOT NULL,
	state      VARCHAR(8)   NOT NULL, -- done, failed, dead, due
	attempts   INTEGER      NOT NULL,
	claim      VARCHAR(32)  NOT NULL, -- of the transaction that inserted the row
	reason     VARCHAR(512) NOT NULL, -- why it failed, '' unless it did
	payload    TEXT,                  -- the notification, kept only while it is not handled
	created_at BIGINT       NOT NULL,
	changed_at BIGINT       NOT NULL,
	PRIMARY KEY (mch_id, id)
);
CREATE INDEX IF NOT EXISTS wxpay_inbox_events_by_state ON wxpay_inbox_events (state, changed_at);

-- What proved an APIv2 message that was handled, as a hash: one sign proves one message.
CREATE TABLE IF NOT EXISTS wxpay_inbox_proofs (
	mch_id     VARCHAR(64)  NOT NULL,
	proof      VARCHAR(64)  NOT NULL,
	event_id   VARCHAR(128) NOT NULL,
	claim      VARCHAR(32)  NOT NULL, -- of the transaction that inserted the row
	changed_at BIGINT       NOT NULL,
	PRIMARY KEY (mch_id, proof)
);
CREATE INDEX IF NOT EXISTS wxpay_inbox_proofs_by_time ON wxpay_inbox_proofs (changed_at);

-- What happened, as a hash: it is handled once, whether a notification tells it or a query.
CREATE TABLE IF NOT EXISTS wxpay_inbox_facts (
	mch_id     VARCHAR(64)  NOT NULL,
	fact       VARCHAR(64)  NOT NULL,
	claim      VARCHAR(32)  NOT NULL,
	swept      SMALLINT NOT NULL, -- 1: a query told it
	changed_at BIGINT       NOT NULL,
	PRIMARY KEY (mch_id, fact)
);
CREATE INDEX IF NOT EXISTS wxpay_inbox_facts_by_time ON wxpay_inbox_facts (changed_at);

-- The contracts that notifications told of.
CREATE TABLE IF NOT EXISTS wxpay_inbox_contracts (
	mch_id     VARCHAR(64)  NOT NULL,
	contract   VARCHAR(128) NOT NULL, -- key of the contract
	group_key  VARCHAR(128) NOT NULL, -- key of the payer and plan, of the contract itself where the payer is not known
	sub_mch_id VARCHAR(64)  NOT NULL,
	contract_id VARCHAR(255) NOT NULL,
	code       VARCHAR(255) NOT NULL,
	signed_at  BIGINT       NOT NULL, -- 0: not known
	ended_at   BIGINT       NOT NULL, -- 0: not known, -1: ended, not known when
	signed     SMALLINT     NOT NULL, -- 1: a notification or query told of its signature itself
	person     VARCHAR(64)  NOT NULL, -- hash of the openid
	sub_person VARCHAR(64)  NOT NULL, -- hash of the openid at the sub-merchant
	changed_at BIGINT       NOT NULL,
	PRIMARY KEY (mch_id, contract)
);
CREATE INDEX IF NOT EXISTS wxpay_inbox_contracts_by_group ON wxpay_inbox_contracts (mch_id, group_key);
CREATE INDEX IF NOT EXISTS wxpay_inbox_contracts_by_person ON wxpay_inbox_contracts (person);
CREATE INDEX IF NOT EXISTS wxpay_inbox_contracts_by_sub_person ON wxpay_inbox_contracts (sub_person);
CREATE INDEX IF NOT EXISTS wxpay_inbox_contracts_by_time ON wxpay_inbox_contracts (changed_at);

-- A row is locked while an event about a contract of the group is handled.
CREATE TABLE IF NOT EXISTS wxpay_inbox_groups (
	mch_id     VARCHAR(64)  NOT NULL,
	group_key  VARCHAR(128) NOT NULL,
	changed_at BIGINT       NOT NULL,
	PRIMARY KEY (mch_id, group_key)
);
CREATE INDEX IF NOT EXISTS wxpay_inbox_groups_by_time ON wxpay_inbox_groups (changed_at);

-- What a notification is expected of, and when WeChat Pay is asked if none comes.
CREATE TABLE IF NOT EXISTS wxpay_inbox_expected (
	mch_id     VARCHAR(64)  NOT NULL,
	name       VARCHAR(128) NOT NULL,
	claim      VARCHAR(32)  NOT NULL,
	kind       VARCHAR(64)  NOT NULL,
	params     TEXT         NOT NULL,
	number     VARCHAR(64)  NOT NULL, -- hash of the number
	person     VARCHAR(64)  NOT NULL,
	watched    SMALLINT     NOT NULL, -- 1: signed, and asked for its end
	tries      INTEGER      NOT NULL,
	ask_at     BIGINT       NOT NULL,
	until_at   BIGINT       NOT NULL,
	created_at BIGINT       NOT NULL,
	PRIMARY KEY (mch_id, name)
);
CREATE INDEX IF NOT EXISTS wxpay_inbox_expected_by_time ON wxpay_inbox_expected (ask_at);
CREATE INDEX IF NOT EXISTS wxpay_inbox_expected_by_person ON wxpay_inbox_expected (person);

-- Which versions of this schema were applied.
CREATE TABLE IF NOT EXISTS wxpay_inbox_schema (
	mch_id  VARCHAR(64) NOT NULL, -- ''
	version INTEGER     NOT NULL,
	PRIMARY KEY (version)
);
INSERT INTO wxpay_inbox_schema (mch_id, version) VALUES ('', 1) ON CONFLICT DO NOTHING;
