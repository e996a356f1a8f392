import sys

from flask import Flask
from talk import talk

app = Flask(__name__)
app.register_blueprint(talk, url_prefix="/api")

if __name__ == "__main__":
    app.run(port=int(sys.argv[1]), threaded=True)
