-- What is left of a thread can only be removed by a version that knows these deletions.
DELETE FROM deletions WHERE subject = 'THREAD';

ALTER TABLE deletions DROP CONSTRAINT deletions_subject_check;
ALTER TABLE deletions ADD CONSTRAINT deletions_subject_check CHECK (subject = 'FLOW');
