INSERT INTO review_approval (review, by_user, on_behalf_of, tier, at, code) {rows}
