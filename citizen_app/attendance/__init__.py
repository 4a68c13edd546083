"""What mentor, citizen and staff say of each planned day, and what came of it."""
