-- Organizations and accounts are removed in the background, too. Their deletions outlive them, and a receipt shows the
-- progress to a person who has no account any more.

ALTER TABLE organizations ADD COLUMN deleted_at timestamptz;
-- The address and the name of a deleted account are erased at once. Its row is removed last.
ALTER TABLE users ADD COLUMN deleted_at timestamptz;

ALTER TABLE deletions
    DROP CONSTRAINT deletions_organization_id_fkey,
    DROP CONSTRAINT deletions_subject_check,
    ADD CONSTRAINT deletions_subject_check CHECK (subject IN ('FLOW', 'THREAD', 'ORGANIZATION', 'ACCOUNT')),
    -- SHA-256 of the receipt, which has 256 random bits.
    ADD COLUMN receipt_hash bytea UNIQUE CHECK (length(receipt_hash) = 32),
    -- The work pauses until then.
    ADD COLUMN resume_at timestamptz;
