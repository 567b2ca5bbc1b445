-- Threads are removed in the background, too.

ALTER TABLE deletions DROP CONSTRAINT deletions_subject_check;
ALTER TABLE deletions ADD CONSTRAINT deletions_subject_check CHECK (subject IN ('FLOW', 'THREAD'));
