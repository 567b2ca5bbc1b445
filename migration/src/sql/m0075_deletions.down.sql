-- What was marked is deleted at once.
DELETE FROM flows WHERE deleted_at IS NOT NULL;

DROP TABLE deletions;
DROP INDEX flows_deleted_idx;
ALTER TABLE flows DROP COLUMN deleted_at;
