"""What citizens are reminded of: what is due, when, in which words, and whether it reached them."""
