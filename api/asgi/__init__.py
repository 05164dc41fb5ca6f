"""The door between the server's event loop and Flask: no thread ever waits for a client."""
