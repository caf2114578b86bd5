-- Which activations were a step back: a restart must not undo it, and the next step goes further.

ALTER TABLE activations ADD COLUMN back INTEGER NOT NULL DEFAULT 0;
