-- Mails that wait to be sent, the tokens in them, and what became of the mails of invitations.

CREATE TABLE mails (
    id               uuid PRIMARY KEY,
    -- Null for a mail about an account.
    organization_id  uuid REFERENCES organizations ON DELETE CASCADE,
    recipient        text NOT NULL CHECK (length(recipient) BETWEEN 3 AND 254),
    -- The letter, which contains a token, encrypted by the service.
    key_id           text NOT NULL,
    sealed           bytea NOT NULL,
    attempts         integer NOT NULL DEFAULT 0,
    -- The next attempt; during one, when it is given up.
    next_at          timestamptz NOT NULL,
    -- Afterwards the mail is of no use.
    expires_at       timestamptz NOT NULL,
    created_at       timestamptz NOT NULL
);
CREATE INDEX mails_organization_idx ON mails (organization_id);
CREATE INDEX mails_next_idx ON mails (next_at);

-- What the owner of an address may do with the token of a mail.
CREATE TABLE email_tokens (
    id                 uuid PRIMARY KEY,
    purpose            text NOT NULL,
    email              text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    -- Of the account to create.
    name               text,
    organization_name  text,
    -- SHA-256 of the token, which has 256 random bits.
    token_hash         bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    expires_at         timestamptz NOT NULL,
    created_at         timestamptz NOT NULL
);
CREATE UNIQUE INDEX email_tokens_email_key ON email_tokens (purpose, lower(email));
CREATE INDEX email_tokens_expires_idx ON email_tokens (expires_at);

ALTER TABLE invitations
    -- The mail with its token. Null if its link is passed on by the inviter.
    ADD COLUMN mail_id uuid,
    ADD COLUMN mailed_at timestamptz,
    ADD COLUMN mail_error text CHECK (length(mail_error) <= 500),
    -- Whether it is not sent again.
    ADD COLUMN mail_refused boolean NOT NULL DEFAULT false;
