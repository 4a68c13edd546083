"""How a Danish word sounds: a computer's voice for every word, and recordings of people."""
