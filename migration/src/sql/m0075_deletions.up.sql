-- Objects that are deleted in the background. What is deleted is marked, which hides it with all that belongs to it, and
-- then removed in batches. A row here is the state of that work.

ALTER TABLE flows ADD COLUMN deleted_at timestamptz;
CREATE INDEX flows_deleted_idx ON flows (id) WHERE deleted_at IS NOT NULL;

CREATE TABLE deletions (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    requested_by     uuid REFERENCES users ON DELETE SET NULL,
    subject          text NOT NULL CHECK (subject = 'FLOW'),
    subject_id       uuid NOT NULL,
    -- The objects to remove, counted when the work began.
    total            bigint,
    removed          bigint NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL,
    finished_at      timestamptz,
    UNIQUE (subject, subject_id)
);
CREATE INDEX deletions_organization_idx ON deletions (organization_id, requested_by, id DESC);
CREATE INDEX deletions_requested_by_idx ON deletions (requested_by) WHERE requested_by IS NOT NULL;
CREATE INDEX deletions_unfinished_idx ON deletions (id) WHERE finished_at IS NULL;
