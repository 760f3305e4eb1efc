"""The HTTP API. `service.api.app.create_app` is its composition root; one file per resource."""
