-- Without the background task, what is being deleted is deleted here.
DELETE FROM organizations WHERE deleted_at IS NOT NULL;
DELETE FROM users WHERE deleted_at IS NOT NULL;
DELETE FROM deletions
    WHERE subject IN ('ORGANIZATION', 'ACCOUNT') OR organization_id NOT IN (SELECT id FROM organizations);

ALTER TABLE deletions
    DROP COLUMN resume_at,
    DROP COLUMN receipt_hash,
    DROP CONSTRAINT deletions_subject_check,
    ADD CONSTRAINT deletions_subject_check CHECK (subject IN ('FLOW', 'THREAD')),
    ADD CONSTRAINT deletions_organization_id_fkey FOREIGN KEY (organization_id)
        REFERENCES organizations ON DELETE CASCADE;
ALTER TABLE users DROP COLUMN deleted_at;
ALTER TABLE organizations DROP COLUMN deleted_at;
