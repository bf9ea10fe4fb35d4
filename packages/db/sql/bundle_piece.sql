-- bundle_piece: a part of a bundle; empty past its end, no row when there is no such bundle.
-- Index: bundle_pkey.
-- @param {String} $1:digest
-- @param {Int} $2:offset From 0
-- @param {Int} $3:length
SELECT substring(content FROM $2 + 1 FOR $3) AS piece FROM bundle WHERE digest = $1
