"""What a browser, and judges that are not ours, say of the site."""
