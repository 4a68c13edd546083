"""The Danish words of the workplace, with picture, sound and meaning."""
