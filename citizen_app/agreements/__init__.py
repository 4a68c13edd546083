"""The work agreement of a placement: seven questions that citizen, mentor and staff agree on."""
