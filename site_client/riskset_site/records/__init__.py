"""What a hospital records: its journal and ledger, and the pages on which its committee reads them."""
