"""Web pages: the keep/reject page of `livegan select`."""
