"""The service over HTTP: requests a second, starts, memory, reloads.

One client, `client.ask`, serves both measurements, since it shares the cores with the service
and so has to be cheap: `throughput` counts its answers, `reload_trial` judges each of them.
`locustfile` isn't for measuring here; it loads a deployment elsewhere as visitors would.
"""
