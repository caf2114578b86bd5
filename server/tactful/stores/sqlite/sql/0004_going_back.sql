-- Whether an activation went back to an earlier version. A restart must not undo that, and the next
-- step back goes further.

ALTER TABLE activations ADD COLUMN back INTEGER NOT NULL DEFAULT 0;
